#!/bin/sh
# Builds the hosts of the lab, ns3.so, with ns-3 3.37 as Debian has it: apt-get install libns3-dev libgsl-dev g++
set -eu
cd "$(dirname "$0")"
out=${1:?usage: build.sh OUTPUT}
mkdir -p "$out"
g++ -O1 -shared -fPIC -o "$out/ns3.so" glue.cc $(pkg-config --cflags ns3-internet) -lns3-internet -lns3-network -lns3-core -lns3-virtual-net-device
