package main

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"net/netip"

	"tcptrace/analyzer"
	"tcptrace/internal/findings"
	"tcptrace/internal/octets"
)

// found is what a conversation adds to the findings, and by what it is known.
type found struct {
	parts      []findings.Part
	firstFrame uint64
	addr       [2]netip.AddrPort
}

// finder finds what conversations add. It belongs to one goroutine.
type finder struct {
	judgment analyzer.Judgment
	parts    []findings.Part
}

// of judges c, and says what it adds. It is valid until the next call, as is the judgment.
func (f *finder) of(c *analyzer.Conversation) found {
	f.judgment.Judge(c)
	f.parts = findings.Parts(f.parts[:0], c, &f.judgment)
	return found{f.parts, c.FirstFrame, c.Addr}
}

const (
	partFailed = 1 << iota
	partInstead
)

// append appends f: one byte if it adds nothing.
func (f *found) append(b []byte) []byte {
	b = append(b, uint8(len(f.parts)))
	if len(f.parts) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, f.firstFrame)
	for _, a := range f.addr {
		text, _ := a.MarshalBinary() // it never fails
		b = append(append(b, uint8(len(text))), text...)
	}
	for _, p := range f.parts {
		flags := uint8(0)
		if p.Failed {
			flags |= partFailed
		}
		if p.Instead != 0 {
			b = binary.AppendUvarint(append(b, p.Kind, flags|partInstead), p.Instead)
			continue
		}
		b = append(b, p.Kind, flags)
		for _, v := range [...]uint64{p.Waited, p.Again, p.Near[0], p.Near[1]} {
			b = binary.AppendUvarint(b, v)
		}
	}
	return b
}

var errFound = errors.New("what a conversation adds to the findings is damaged")

// read is the inverse of append, of all of b. What was in f before is reused.
func (f *found) read(b []byte) error {
	r := octets.Reader{Left: b}
	n := r.Byte()
	f.parts = f.parts[:0]
	if n == 0 {
		return end(&r)
	}
	f.firstFrame = r.Uvarint()
	for i := range f.addr {
		if err := f.addr[i].UnmarshalBinary(r.Bytes(uint64(r.Byte()))); err != nil {
			return errFound
		}
	}
	for range n {
		p := findings.Part{Kind: r.Byte()}
		flags := r.Byte()
		p.Failed = flags&partFailed != 0
		if flags&partInstead != 0 {
			p.Instead = r.Uvarint()
		} else {
			p.Waited, p.Again, p.Near[0], p.Near[1] = r.Uvarint(), r.Uvarint(), r.Uvarint(), r.Uvarint()
		}
		f.parts = append(f.parts, p)
	}
	return end(&r)
}

func end(r *octets.Reader) error {
	if !r.Done() {
		return errFound
	}
	return nil
}

// packTotals is totals as they are handed on.
func packTotals(t *findings.Totals) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(t)
	return b.Bytes(), err
}

func unpackTotals(b []byte) (t findings.Totals, err error) {
	err = gob.NewDecoder(bytes.NewReader(b)).Decode(&t)
	return t, err
}
