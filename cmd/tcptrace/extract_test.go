package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"
)

// Interfaces keep their names, link types and snap lengths, and packets their nanoseconds.
func TestExtractKeepsInterfaces(t *testing.T) {
	frames, err := os.Open(filepath.Join(goldenDir, "pcapng-two-interfaces.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer frames.Close()
	in, err := pcapgo.NewNgReader(frames, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	named, out := filepath.Join(dir, "named.pcapng"), filepath.Join(dir, "out.pcapng")
	described := []pcapgo.NgInterface{
		{Name: "unused", LinkType: 1, SnapLength: 1},
		{Name: "lo", Description: "the loopback", LinkType: 113, SnapLength: 65535},
		{Name: strings.Repeat("long ", 60), LinkType: 1, SnapLength: 0},
	}
	type packet struct {
		name string
		time time.Time
		data string
	}
	var want []packet
	var file bytes.Buffer
	w, err := pcapgo.NewNgWriterInterface(&file, described[0], pcapgo.DefaultNgWriterOptions)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range described[1:] {
		if _, err := w.AddInterface(i); err != nil {
			t.Fatal(err)
		}
	}
	for {
		data, ci, err := in.ReadPacketData()
		if err != nil {
			break
		}
		ci.InterfaceIndex = 2 - ci.InterfaceIndex // Ethernet first
		if err := w.WritePacket(ci, data); err != nil {
			t.Fatal(err)
		}
		want = append(want, packet{described[ci.InterfaceIndex].Name, ci.Timestamp, string(data)})
	}
	if err := w.Flush(); err != nil || len(want) == 0 || want[0].time.Nanosecond()%1000 == 0 && want[10].time.Nanosecond()%1000 == 0 {
		t.Fatal(err, want)
	}
	if err := os.WriteFile(named, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := tcptrace(t, env{}, "extract", named, "--where", "true", "-w", out); code != exitDone {
		t.Fatal(stderr)
	}
	result, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	back, err := pcapgo.NewNgReader(result, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		data, ci, err := back.ReadPacketData()
		if err != nil {
			t.Fatal(err)
		}
		i, err := back.Interface(ci.InterfaceIndex)
		if err != nil || i.Name != w.name || !ci.Timestamp.Equal(w.time) || string(data) != w.data {
			t.Errorf("%v: packet of %q at %v, want one of %q at %v", err, i.Name, ci.Timestamp, w.name, w.time)
		}
		if i.Name == "lo" && (i.Description != "the loopback" || i.LinkType != 113 || i.SnapLength != 65535) || i.Name != "lo" && (i.LinkType != 1 || i.SnapLength != 0) {
			t.Errorf("interface %+v", i)
		}
	}
	if n := back.NInterfaces(); n != 3 {
		t.Errorf("%d interfaces, want all 3", n)
	}
}
