#!/bin/sh
# HELP: Shows a PIN for the phone's app
# ICON: network
# GRID: Latchkey

echo app >/tmp/act_go

@BASE@/usr/bin/latchkey pair --pad
sleep 8
