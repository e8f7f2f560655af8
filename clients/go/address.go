package latchkey

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// The port that a device listens on unless told otherwise.
const usualPort = "7497"

var portOf = map[string]string{"http": "80", "https": "443"}

// The base URL of a device, without a slash at its end, by its address as people write it: a host alone,
// with a port, or a whole URL, with the path under which a proxy has the device.
func baseURL(address string) (string, error) {
	hasScheme := strings.Contains(address, "://")
	text := address
	if !hasScheme {
		text = "http://" + address
	}
	parts, err := url.Parse(text)
	if err != nil || portOf[parts.Scheme] == "" || parts.Hostname() == "" || parts.User != nil ||
		strings.ContainsAny(text, "?#") {
		return "", badAddress()
	}
	host, port := strings.ToLower(parts.Hostname()), parts.Port()
	if strings.Contains(host, ":") {
		// Without brackets it is not clear where the port begins.
		if !strings.HasPrefix(parts.Host, "[") {
			return "", badAddress()
		}
		host = "[" + host + "]"
	}
	if port == "" && !hasScheme {
		port = usualPort
	}
	if port != "" && port != portOf[parts.Scheme] {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", badAddress()
		}
		host += ":" + port
	}
	return parts.Scheme + "://" + host + strings.TrimRight(parts.EscapedPath(), "/"), nil
}

func badAddress() error {
	return errors.New("this is no address of a device: one is such as 192.168.1.5:" + usualPort)
}
