#!/bin/sh
# Installs Latchkey on the firmware that it finds, from the tarball that lies beside it:
#   sh install.sh                 installs, or upgrades what is there
#   sh install.sh --undo          removes the program; pairings and configuration stay
#   sh install.sh --purge         removes these too
#   sh install.sh --root FOLDER   works on a root filesystem that is not running
# It asks nothing. Where it cannot go on, it says why and has changed nothing.
# docs/firmware/ says for each firmware what goes where.
set -eu

# What a system must have, in KiB: memory as /proc/meminfo tells it (a part of 256 MB is the
# kernel's), and space for the program, its cache and its state.
MIN_MEMORY_KIB=200000
MIN_SPACE_KIB=160000

here=$(cd "$(dirname -- "$0")" && pwd)
root=
verb=install
while [ $# -gt 0 ]; do
  case $1 in
    --undo) verb=undo ;;
    --purge) verb=purge ;;
    --root)
      shift
      root=${1:?--root needs a folder}
      ;;
    *)
      echo "Usage: $0 [--undo | --purge] [--root FOLDER]" >&2
      exit 2
      ;;
  esac
  shift
done
root=${root%/}

fail() {
  echo "Cannot go on: $1" >&2
  exit 1
}

# --- which firmware ------------------------------------------------------------------------------

# The name in /etc/os-release, in lower case.
os_name() {
  [ -r "$root/etc/os-release" ] || return 0
  sed -n 's/^NAME=//p' "$root/etc/os-release" | tr -d '"' | tr '[:upper:]' '[:lower:]' | head -n 1
}

find_firmware() {
  if [ -d "$root/usr/share/batocera" ] && [ -d "$root/userdata/system" ]; then
    echo batocera-knulli
  elif [ -d "$root/opt/muos" ]; then
    echo muos
  elif [ -d "$root/opt/system" ] && [ -d "$root/home/ark" ]; then
    echo arkos-darkos
  else
    case $(os_name) in
      rocknix | jelos) echo rocknix ;;
      *debian* | *ubuntu* | *raspbian*) echo debian ;;
      *) echo unknown ;;
    esac
  fi
}

firmware=$(find_firmware)

# The folder that everything lies in which survives an update, and where menus look. On a system whose
# /usr can be written the program lies in /usr, as on any Linux.
case $firmware in
  batocera-knulli)
    base=/userdata/system/latchkey
    menu=/userdata/roms/ports
    ;;
  rocknix)
    base=/storage/latchkey
    menu=/storage/roms/ports
    ;;
  muos)
    # The cards of muOS are exFAT, which keeps no file private, and it opens all of /opt to everybody at
    # each start: the program lies there, what is private elsewhere on the system's own partition.
    base=/opt/latchkey
    menu=/mnt/mmc/MUOS/application/Latchkey
    # Of two cards it runs the scripts of the second, where that has the folder.
    starter=/mnt/mmc/MUOS/init/latchkey.sh
    if [ -d "$root/mnt/sdcard/MUOS/init" ]; then starter=/mnt/sdcard/MUOS/init/latchkey.sh; fi
    ;;
  arkos-darkos)
    base=
    menu=/opt/system
    ;;
  debian)
    fail "this is a Debian: install the package, apt install ./latchkey_*.deb (docs/firmware/debian.md)"
    ;;
  *)
    fail "no firmware that is known here. Unpack the tarball by hand: docs/flashing.md"
    ;;
esac

config=/etc/latchkey/config.toml
state=/var/lib/latchkey
cache=/var/cache/latchkey
if [ -n "$base" ]; then
  cache=$base/cache
  if [ "$firmware" != muos ]; then
    config=$base/config.toml
    state=$base/state
  fi
fi
# Everything that was put outside the archive's own places, one path a line, with the archive's.
manifest=$base/usr/lib/latchkey/installed-files

# --- undo ----------------------------------------------------------------------------------------

is_live() { [ -z "$root" ]; }

stop_service() {
  is_live || return 0
  case $firmware in
    batocera-knulli) batocera-services stop latchkey ;;
    muos)
      # The card may have been another when it was installed.
      for script in /mnt/mmc/MUOS/init/latchkey.sh /mnt/sdcard/MUOS/init/latchkey.sh; do
        [ ! -f "$script" ] || sh "$script" stop
      done
      ;;
    *) systemctl stop latchkey.service ;;
  esac >/dev/null 2>&1 || true
}

# Removes the files of the list and the folders of ours that are empty then; nothing else.
remove_installed() {
  [ -f "$root$manifest" ] || return 1
  list=$(mktemp)
  cp "$root$manifest" "$list"
  while IFS= read -r path; do
    rm -f "$root$path"
  done <"$list"
  rm -f "$list" "$root$manifest"
  for folder in lib/latchkey share/latchkey share/doc/latchkey; do
    [ ! -d "$root$base/usr/$folder" ] || find "$root$base/usr/$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  if [ -n "$base" ] && [ -d "$root$base/usr" ]; then
    find "$root$base/usr" -depth -type d -exec rmdir {} + 2>/dev/null || true
  fi
  rmdir "$root/mnt/mmc/MUOS/application/Latchkey" 2>/dev/null || true
}

if [ "$verb" != install ]; then
  stop_service
  if is_live && [ "$firmware" = batocera-knulli ]; then
    batocera-services disable latchkey >/dev/null 2>&1 || true
  fi
  remove_installed || fail "nothing of Latchkey that this script installed is here"
  rm -rf "$root${cache:?}" "$root/var/cache/private/latchkey" "$root/var/cache/latchkey-root"
  rm -rf "$root/var/log/latchkey.log" "$root/var/log/latchkey.log.1" "$root/run/latchkey"
  if is_live && command -v systemctl >/dev/null 2>&1; then systemctl daemon-reload || true; fi
  if [ "$verb" = purge ]; then
    rm -rf "$root${state:?}" "$root/var/lib/private/latchkey"
    rm -f "$root$config"
    for folder in "$(dirname -- "$config")" ${base:+"$base"}; do
      rmdir "$root$folder" 2>/dev/null || true
    done
    echo "Latchkey is removed, its pairings and its configuration too"
  else
    echo "Latchkey is removed. Pairings and configuration stay: $state, $config"
  fi
  exit 0
fi

# --- what must be true before anything is changed ------------------------------------------------

set -- "$here"/latchkey-*.tar.gz
[ -f "$1" ] || fail "no latchkey-*.tar.gz beside this script"
[ $# -eq 1 ] || fail "more than one latchkey-*.tar.gz beside this script"
tarball=$1

case $tarball in
  *-aarch64.tar.gz) loader=lib/ld-linux-aarch64.so.1 ;;
  *-x86_64.tar.gz) loader=lib64/ld-linux-x86-64.so.2 ;;
  *) fail "$(basename -- "$tarball") is for no processor that is known here" ;;
esac
[ -e "$root/$loader" ] || [ -e "$root/usr/$loader" ] ||
  fail "no /$loader: the tarball is for another processor, or this system is 32-bit or without glibc"

if [ -r "$root/proc/meminfo" ]; then
  memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' "$root/proc/meminfo")
  [ "${memory:-0}" -ge "$MIN_MEMORY_KIB" ] ||
    fail "this device has $((${memory:-0} / 1024)) MiB of memory; Latchkey needs 256 MB"
fi

place=$root${base:-/usr}
while [ ! -d "$place" ]; do place=$(dirname -- "$place"); done
[ -w "$place" ] || fail "$place cannot be written"
space=$(df -Pk "$place" | awk 'NR == 2 { print $4 }')
[ "$space" -ge "$MIN_SPACE_KIB" ] ||
  fail "$place has $((space / 1024)) MiB left; Latchkey needs $((MIN_SPACE_KIB / 1024))"

if [ -f "$here/SHA256SUMS" ] && command -v sha256sum >/dev/null 2>&1; then
  (cd "$here" && grep -F -- "$(basename -- "$tarball")" SHA256SUMS | sha256sum -c - >/dev/null 2>&1) ||
    fail "$(basename -- "$tarball") is not the file that SHA256SUMS tells of"
fi
files=$(mktemp)
trap 'rm -f "$files"' EXIT
tar -tzf "$tarball" >"$files" 2>/dev/null || fail "$(basename -- "$tarball") is damaged"

# --- install -------------------------------------------------------------------------------------

umask 022
stop_service
remove_installed || true

mkdir -p "$root$base/"
tar -xzf "$tarball" -C "$root$base/"
sed "s|^|$base/|" "$files" >"$root$manifest.new"

# Puts a file in its place under a name that is whole at once, and into the list.
put() {
  mkdir -p "$(dirname -- "$root$1")"
  cat >"$root$1.new"
  chmod "$2" "$root$1.new"
  mv "$root$1.new" "$root$1"
  echo "$1" >>"$root$manifest.new"
}

shipped=$root$base/usr/share/latchkey
fill() { sed -e "s|@BASE@|$base|g" -e "s|@CONFIG@|$config|g" "$1"; }

if [ -n "$base" ]; then
  # The launcher reads this: where the configuration and the compiled code lie.
  put "$base/usr/lib/latchkey/install.env" 644 <<END
LATCHKEY_CONFIG=\${LATCHKEY_CONFIG:-$config}
DENO_DIR=\${DENO_DIR:-$cache}
END
  if [ ! -e "$root$config" ]; then
    mkdir -p "$(dirname -- "$root$config")"
    sed "s|^data_dir = .*|data_dir = \"$state\"|" "$shipped/config.toml" >"$root$config.new"
    chmod 600 "$root$config.new"
    mv "$root$config.new" "$root$config"
  fi
  mkdir -p "$root$state" "$root$cache"
  chmod 700 "$root$state" "$root$cache"
fi

case $firmware in
  batocera-knulli)
    fill "$shipped/firmware/service" | put /userdata/system/services/latchkey 755
    ;;
  rocknix)
    fill "$shipped/firmware/rocknix/latchkey.service" | put /storage/.config/system.d/latchkey.service 644
    put /storage/.config/autostart/latchkey 755 <"$shipped/firmware/rocknix/autostart"
    ;;
  muos)
    fill "$shipped/firmware/service" | put "$starter" 755
    ;;
  arkos-darkos)
    "$root/usr/lib/latchkey/enable-service" "$root" >/dev/null
    echo /etc/systemd/system/multi-user.target.wants/latchkey.service >>"$root$manifest.new"
    ;;
esac

if [ "$firmware" = muos ]; then
  fill "$shipped/firmware/muos/mux_launch.sh" | put "$menu/mux_launch.sh" 755
else
  sed "s|/usr/bin/latchkey|$base/usr/bin/latchkey|" "$shipped/Pair a phone.sh" | put "$menu/Pair a phone.sh" 755
fi
mv "$root$manifest.new" "$root$manifest"
sync

# --- start ---------------------------------------------------------------------------------------

if is_live; then
  case $firmware in
    batocera-knulli) batocera-services enable latchkey && batocera-services start latchkey ;;
    muos) sh "$starter" start ;;
    *) systemctl daemon-reload && systemctl start latchkey.service ;;
  esac || fail "the files are in place, but the service does not start. What is wrong: $base/usr/bin/latchkey doctor"
fi

case $firmware in
  batocera-knulli) echo "Batocera or Knulli: Latchkey is installed. To pair, from the menu: PORTS, Pair a phone" ;;
  rocknix) echo "ROCKNIX: Latchkey is installed. To pair, from the menu: Ports, Pair a phone" ;;
  muos)
    echo "muOS: Latchkey is installed. To pair, from the menu: Applications, Latchkey"
    echo "It starts with the device where this is on: Configuration, Advanced Settings, User Init Scripts"
    ;;
  arkos-darkos) echo "ArkOS or dArkOS: Latchkey is installed. To pair, from the menu: Options, Pair a phone" ;;
esac
