#!/bin/sh
# Write coturn's configuration and run it. TLS begins as soon as the proxy has got a certificate for SITE_HOST, and a
# renewed one is taken up without ending anybody's session.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
: "${TURN_SECRET:?}" "${PUBLIC_ADDRESS:?}" "${SITE_HOST:?}"
folder=${TURN_FOLDER:-/tmp}
certificates=${TURN_CERTIFICATES:-/certificates}
[ ${#TURN_SECRET} -ge 16 ] || { echo "TURN_SECRET needs at least 16 characters." >&2; exit 2; }

found() { find "$certificates" -name "$SITE_HOST.$1" 2>/dev/null | head -n 1; }
stamp() { cksum "$certificate" "$key" 2>/dev/null || true; }

certificate=$(found crt)
key=$(found key)
[ -n "$key" ] || certificate=""
umask 077
{
	cat "$here/turnserver.conf"
	echo "static-auth-secret=$TURN_SECRET"
	echo "allowed-peer-ip=$PUBLIC_ADDRESS"
	echo "listening-port=${TURN_PORT:-3478}"
	echo "tls-listening-port=${TURN_TLS_PORT:-5349}"
	[ -z "${TURN_LISTEN:-}" ] || echo "listening-ip=$TURN_LISTEN"
	[ -z "${TURN_LISTEN:-}" ] || echo "relay-ip=$TURN_LISTEN"
	echo "pidfile=$folder/turnserver.pid"
	echo "userdb=$folder/turnserver.db"
	if [ -n "$certificate" ]; then
		echo "cert=$certificate"
		echo "pkey=$key"
	else
		echo "no-tls"
		echo "no-dtls"
	fi
} >"$folder/turnserver.conf"

turnserver -c "$folder/turnserver.conf" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" || true; exit 0' TERM INT
before=$(stamp)
while kill -0 "$server" 2>/dev/null; do
	sleep "${TURN_LOOK_SECONDS:-60}" &
	wait $! || true
	if [ -z "$certificate" ]; then
		# The first certificate has come: begin again, with TLS.
		[ -z "$(found crt)" ] || [ -z "$(found key)" ] || { kill "$server"; wait "$server" || true; exec "$0" "$@"; }
	elif [ "$(stamp)" != "$before" ]; then
		before=$(stamp)
		kill -USR2 "$server"
	fi
done
wait "$server"
