package input

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"sync/atomic"
)

// OpenBytes returns the uncompressed bytes of an input, for callers that copy more than packets, and whether they are pcapng. "-" is
// Options.Stdin. The error is that of the first read.
func OpenBytes(path string, opts Options) (r io.ReadCloser, ng bool, err error) {
	opts.defaults()
	in := newInput(path, opts, new(atomic.Int64), &interfaces{})
	if !in.open() {
		if in.err != nil {
			return nil, false, in.err
		}
		return nil, false, opts.Context.Err()
	}
	head, readErr := in.head()
	again := func() io.Reader { return io.MultiReader(bytes.NewReader(bytes.Clone(head)), in.reader) }
	if in.packed = compression(head); in.packed != "" {
		if err := in.unpack(bufio.NewReaderSize(again(), packedRead)); err != nil {
			in.finish()
			return nil, false, err
		}
		head, readErr = in.head()
	}
	if readErr != nil && readErr != io.EOF {
		in.finish()
		return nil, false, readErr
	}
	in.reader = again()
	return inputBytes{in}, len(head) >= 4 && binary.LittleEndian.Uint32(head) == blockSection, nil
}

// inputBytes is the bytes of an input.
type inputBytes struct{ *input }

func (b inputBytes) Read(p []byte) (int, error) { return b.reader.Read(p) }

func (b inputBytes) Close() error {
	b.finish()
	return nil
}
