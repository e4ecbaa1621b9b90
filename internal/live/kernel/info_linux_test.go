package kernel

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"tcptrace/fsm"
)

func attribute(kind uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// TestAttributes: what a kernel does not know is 0, and what is cut off is not read.
func TestAttributes(t *testing.T) {
	raw := make([]byte, 104) // up to tcpi_total_retrans, as old kernels have it
	binary.NativeEndian.PutUint32(raw[68:], 1500)
	binary.NativeEndian.PutUint32(raw[76:], noSSThresh)
	binary.NativeEndian.PutUint32(raw[80:], 10)
	binary.NativeEndian.PutUint32(raw[100:], 3)
	for _, order := range [][]byte{
		append(attribute(attrInfo, raw...), attribute(attrCongestion, []byte("cubic\x00")...)...),
		append(attribute(attrCongestion, []byte("cubic\x00")...), attribute(attrInfo, raw...)...),
	} {
		e := Endpoint{State: fsm.Established}
		attributes(&e, append(order, 99, 0, attrInfo, 0), 5, 6)
		if i := e.Info; i == nil || i.RTT != 1500*time.Microsecond || i.SSThresh != 0 || i.CWND != 10 || i.Retransmitted != 3 || i.Congestion != "cubic" || e.Listening != nil {
			t.Errorf("%+v", e.Info)
		}
	}
	binary.NativeEndian.PutUint32(raw[76:], noSSThresh-1)
	e := Endpoint{State: fsm.Established}
	if attributes(&e, attribute(attrInfo, raw...), 0, 0); e.Info.SSThresh != noSSThresh-1 {
		t.Errorf("%+v", e.Info)
	}
	memory := make([]byte, 36)
	binary.NativeEndian.PutUint32(memory[32:], 7)
	for cut, want := range map[int]uint32{0: 7, 1: 0} {
		e := Endpoint{State: fsm.Listen}
		attributes(&e, attribute(attrMemory, memory[:36-cut]...), 5, 6)
		if l := e.Listening; e.Info != nil || l == nil || *l != (Listening{5, 6, want}) {
			t.Errorf("%d bytes less: %+v", cut, l)
		}
	}
}

// TestMeasured: what is measured of an endpoint is its newest, and a listening socket tells of what it dropped.
func TestMeasured(t *testing.T) {
	tab := newTeller(nothingLeft)
	all := everything
	listening := func(drops uint32) []Endpoint {
		return []Endpoint{{Key: at(1), State: fsm.Listen, holder: socket, Socket: true, Listening: &Listening{2, 1, drops}}}
	}
	for n, drops := range []uint32{4, 4, 6} {
		tab.told = 0
		if tab.list(1, listening(drops), start.Add(time.Duration(n)*time.Second), all); tab.told != map[int]int{0: 1, 1: 0, 2: 1}[n] {
			t.Errorf("%d drops: told %d times", drops, tab.told)
		}
	}
	if tab.last.Drops != 2 || tab.last.Before != fsm.Listen || tab.last.State != fsm.Listen {
		t.Errorf("%+v", tab.last)
	}
}

// TestInfo: of a connection of this host its kernel has it all.
func TestInfo(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w, err := OpenDiag()
	if err != nil {
		t.Skip(err)
	}
	defer w.Close()
	found := 0
	for e := range w.Endpoints() {
		switch {
		case e.Local.String() == c.LocalAddr().String() && e.Info != nil && e.Info.RTT > 0 && e.Info.CWND > 0 && e.Info.Congestion != "":
			found++
		case e.Local.String() == l.Addr().String() && e.State == fsm.Listen && e.Listening != nil && e.Listening.Queue == 1 && e.Listening.Backlog > 0:
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d of 2 found", found)
	}
}
