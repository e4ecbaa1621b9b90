package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/capturefile"
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
	for i, name := range slices.Compact(names) {
		emit(capture{Number: int64(i), Name: name})
	}
	return nil
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

// overlapFn finds captures that are to be read together.
type overlapFn struct{}

// ProcessElement is for Beam.
func (f *overlapFn) ProcessElement(_ context.Context, _ []byte, outlines func(*outlined) bool, emit func(capture)) error {
	files, byName, err := collect(outlines)
	if err != nil {
		return err
	}
	for _, group := range apart.Overlap(files) {
		c := byName[group[0].Name]
		for _, file := range group[1:] {
			c.With = append(c.With, file.Name)
		}
		emit(c)
	}
	return nil
}

// collect is all captures that were analyzed, but those that are read with others.
func collect(outlines func(*outlined) bool) (files []apart.File, byName map[string]capture, err error) {
	byName, latest := map[string]capture{}, map[string]apart.Outline{}
	var o outlined
	var with []string
	for outlines(&o) {
		var outline apart.Outline
		if err := gob.NewDecoder(bytes.NewReader(o.Outline)).Decode(&outline); err != nil {
			return nil, nil, err
		}
		name := o.Capture.Name
		if was, ok := byName[name]; !ok || len(o.Capture.With) > len(was.With) {
			byName[name], latest[name] = o.Capture, outline
		}
		with = append(with, o.Capture.With...)
		o = outlined{}
	}
	for _, name := range with {
		delete(byName, name)
	}
	for name := range byName {
		files = append(files, apart.File{Name: name, Outline: latest[name]})
	}
	return files, byName, nil
}

// layouts is the layout of all captures, made once where a step runs.
type layouts struct {
	layout *apart.Layout
	byName map[string]capture
	name   map[int64]string
}

func (l *layouts) of(outlines func(*outlined) bool) (*apart.Layout, error) {
	if l.layout != nil {
		return l.layout, nil
	}
	files, byName, err := collect(outlines)
	if err != nil {
		return nil, err
	}
	l.byName, l.name = byName, map[int64]string{}
	for name, c := range byName {
		l.name[c.Number] = name
	}
	l.layout, err = apart.NewLayout(files)
	return l.layout, err
}

var (
	packets       = beam.NewCounter("tcptrace", "packets")
	conversations = beam.NewCounter("tcptrace", "conversations")
	crossing      = beam.NewCounter("tcptrace", "crossing-conversations")
	shuffled      = beam.NewCounter("tcptrace", "crossing-bytes")
	boundsMet     = beam.NewCounter("tcptrace", "bounds-met")
	unreadable    = beam.NewCounter("tcptrace", "files-with-errors")
)
