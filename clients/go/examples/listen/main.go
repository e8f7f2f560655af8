// Writes what the device tells, session after session, until it is stopped or removed.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"
	"time"

	latchkey "latchkey/clients/go"
)

const lastPause = 30 * time.Second

// Answered by pairing again, by an update or by nothing, and never by waiting.
var final = []latchkey.Kind{latchkey.ClientRemoved, latchkey.UnsupportedVersion, latchkey.Replaced}

func main() {
	credentials, err := latchkey.LoadCredentials("device.json")
	if err != nil || credentials == nil {
		log.Fatal("Pair first: ", err)
	}
	for pause := time.Second; ; pause = min(2*pause, lastPause) {
		began := time.Now()
		err := listen(credentials)
		var failed *latchkey.Error
		if errors.As(err, &failed) && slices.Contains(final, failed.Kind) {
			log.Fatal(err)
		}
		// One that ends at once is no success: each session costs the device a salt for good.
		if time.Since(began) > lastPause {
			pause = time.Second
		}
		log.Print(err)
		// Drawn, so that many programs do not come back at once.
		time.Sleep(pause/2 + rand.N(pause/2))
	}
}

func listen(credentials *latchkey.Credentials) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	session, err := latchkey.Open(ctx, credentials, latchkey.Binary)
	if err != nil {
		return err
	}
	defer session.Close()
	log.Print("Listening")
	for notification := range session.Notifications() {
		fmt.Println(notification.Method, string(notification.Params))
	}
	return session.Err()
}
