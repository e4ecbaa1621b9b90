package output

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

func TestWriter(t *testing.T) {
	var out, want bytes.Buffer
	w := NewWriter(&out)
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		p := make([]byte, r.IntN(3*writeSize/2))
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		want.Write(p)
		if n, err := w.Write(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
		clear(p) // the writer must not look at it any more
	}
	if err := w.Close(); err != nil || !bytes.Equal(out.Bytes(), want.Bytes()) {
		t.Errorf("error %v, %d bytes written, want %d", err, out.Len(), want.Len())
	}
}

type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterFails(t *testing.T) {
	w := NewWriter(&full{left: 2 * writeSize})
	var err error
	for i := 0; i < 100 && err == nil; i++ {
		_, err = w.Write(make([]byte, writeSize))
	}
	if !errors.Is(err, errFull) || !errors.Is(w.Close(), errFull) {
		t.Errorf("error %v", err)
	}
	w = NewWriter(&full{})
	if _, err := w.Write([]byte("x")); err != nil && !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close: %v", err)
	}
}
