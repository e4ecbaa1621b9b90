#!/bin/sh
# Builds the hosts of the lab, plain.so and rich.so (window scale, timestamps, SACK), from the source of lwIP 2.1.3: a directory, or what
# "apt-get source lwip" fetches. States are told by a hook in front of every assignment to them.
set -eu
cd "$(dirname "$0")"
out=${1:?usage: build.sh OUTPUT [LWIP]}
mkdir -p "$out"
out=$(cd "$out" && pwd)
if [ $# -gt 1 ]; then
	from=$2
else
	(cd "$out" && apt-get source lwip)
	from=$(ls -d "$out"/lwip-2.1.3*/)
fi
rm -rf "$out/src"
cp -r "$from/src" "$out/src"
sed -i -E 's/\b([a-z]+)->state = ([A-Z_0-9]+);/do { \1->state = \2; lab_state((struct tcp_pcb *)\1, \2); } while (0);/' "$out/src/core/tcp.c" "$out/src/core/tcp_in.c"
sed -i '/^tcp_free(struct tcp_pcb \*pcb)/{n;s/{/{ lab_state(pcb, CLOSED);/}' "$out/src/core/tcp.c"
echo 'void lab_state(struct tcp_pcb *p, int s);' >>"$out/src/include/lwip/tcp.h"
for kind in plain rich; do
	define=-DPLAIN
	[ $kind = rich ] && define=-DRICH
	gcc -O1 -fPIC -shared -w $define -I. -I"$out/src/include" -o "$out/$kind.so" glue.c "$out"/src/core/*.c "$out"/src/core/ipv4/*.c
done
