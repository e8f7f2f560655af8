#!/bin/sh
# For launcher menus: copy it to where your launcher looks for ports or tools. Shows a PIN, waits for
# the phone, and says how it went.

SECONDS_TO_READ=8

# Under a compositor neither the panel nor this text can be seen: the frontend shows the PIN, as soon as
# it has the screen again. The chord of buttons cancels it there.
for compositor in sway labwc weston Xorg; do
  if pidof "$compositor" >/dev/null 2>&1; then
    exec /usr/bin/latchkey call clients.pair.start '{"liftLock":true}' >/dev/null
  fi
done

clear 2>/dev/null
echo "Pair a phone"
echo

if /usr/bin/latchkey pair --pad; then
  code=0
else
  code=$?
  echo
  echo "It did not work. What is wrong, from a shell on this device:  latchkey doctor"
fi

# A launcher takes the screen back as soon as this ends.
sleep "$SECONDS_TO_READ"
exit "$code"
