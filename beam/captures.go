package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
)

// listFn finds the captures.
type listFn struct{ Globs []string }

// ProcessElement is for Beam.
func (f *listFn) ProcessElement(ctx context.Context, _ []byte, emit func(capture)) error {
	var names []string
	for _, glob := range f.Globs {
		fs, err := filesystem.New(ctx, glob)
		if err != nil {
			return err
		}
		found, err := fs.List(ctx, glob)
		_ = fs.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", glob, err)
		}
		if len(found) == 0 {
			return fmt.Errorf("%s: no file is named so", glob)
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	expected := endOf(ctx, slices.Max(names))
	for i, name := range slices.Compact(names) {
		emit(capture{Number: int64(i), Name: name, Expected: expected})
	}
	return nil
}

// endOf is when a capture ends, apart.Never if that cannot be said. The files of a ring buffer are in the order of time by their names, so that it is
// when all end if it is that of the last: what is open until then need not be read once more when that is known. If they are not it has to be, and nothing
// else is different. It is one file, however many globs there are: all others wait for it.
func endOf(ctx context.Context, name string) int64 {
	file, remove, err := (&capture{Name: name}).open(ctx)
	if err != nil {
		return apart.Never // it is told of when it is analyzed
	}
	defer remove()
	end := int64(math.MinInt64)
	var b packet.Batch
	for context.Cause(ctx) == nil && file.Next(&b) == nil {
		for i := range b.Packets {
			end = max(end, b.Packets[i].Time)
		}
	}
	if end == math.MinInt64 {
		return apart.Never
	}
	return end
}

// open opens the files of a capture. remove is to be called at the end.
func (c *capture) open(ctx context.Context) (file *capturefile.File, remove func(), err error) {
	var temporary, paths []string
	fetched := func() {
		for _, path := range temporary {
			_ = os.Remove(path)
		}
	}
	for _, name := range append([]string{c.Name}, c.With...) {
		if !strings.Contains(name, "://") {
			if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
				fetched()
				return nil, nil, errors.New("is a pipe or a device, not a file: captures are read more than once")
			}
			paths = append(paths, name)
			continue
		}
		path, err := fetch(ctx, name)
		if err != nil {
			fetched()
			return nil, nil, err
		}
		temporary, paths = append(temporary, path), append(paths, path)
	}
	file = capturefile.Open(paths...)
	return file, func() { _ = file.Close(); fetched() }, nil
}

// attempts is how often a file is asked for that cannot be had.
const attempts = 3

// fetch copies a file to this machine, since it is read from several places.
func fetch(ctx context.Context, name string) (path string, err error) {
	for i := range attempts {
		if path, err = copyHere(ctx, name); err == nil {
			return path, nil
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(time.Second << i):
		}
	}
	return "", err
}

func copyHere(ctx context.Context, name string) (path string, err error) {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return "", err
	}
	defer fs.Close()
	from, err := fs.OpenRead(ctx, name)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.CreateTemp("", "tcptrace-beam-")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		_ = os.Remove(to.Name())
		return "", err
	}
	return to.Name(), nil
}

var (
	packets       = beam.NewCounter("tcptrace", "packets")
	conversations = beam.NewCounter("tcptrace", "conversations")
	crossing      = beam.NewCounter("tcptrace", "crossing-conversations")
	shuffled      = beam.NewCounter("tcptrace", "crossing-bytes")
	boundsMet     = beam.NewCounter("tcptrace", "bounds-met")
	unreadable    = beam.NewCounter("tcptrace", "files-with-errors")
)
