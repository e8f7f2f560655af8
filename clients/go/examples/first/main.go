// Pairs once, keeps the credentials in a file that only its user can read, and calls a method.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	latchkey "latchkey/clients/go"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	credentials, err := latchkey.LoadCredentials("device.json")
	if err == nil && credentials == nil {
		address := "127.0.0.1"
		if len(os.Args) > 1 {
			address = os.Args[1]
		}
		credentials, err = pairFirst(ctx, address)
	}
	if err != nil {
		log.Fatal(err)
	}
	session, err := latchkey.Open(ctx, credentials, latchkey.JSON)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	var version json.RawMessage
	if err := session.Call(ctx, "version", nil, &version); err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(version))
}

func pairFirst(ctx context.Context, address string) (*latchkey.Credentials, error) {
	fmt.Print("PIN on the device's screen: ")
	pin, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return nil, err
	}
	credentials, err := latchkey.Pair(ctx, address, pin, "My tool")
	if err != nil {
		return nil, err
	}
	return credentials, credentials.Save("device.json")
}
