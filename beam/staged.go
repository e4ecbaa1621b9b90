package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/klauspost/compress/s2"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/internal/octets"
)

// The records of a capture wait in a file until it is known which of them are void: nothing of them goes through the engine. Like all files they are there when
// they are whole, and are written the same if that is done twice.

// stagedName is the file for the records of a capture.
func (j *job) stagedName(c *capture) string {
	kind := "alone"
	if len(c.With) > 0 {
		kind = "together"
	}
	return join(j.Output, "staged", fmt.Sprintf("%06d-%s.s2", c.Number, kind))
}

// staging writes such a file, which is there if there are records.
type staging struct {
	job     *job
	capture *capture
	encode  func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte
	noter   noter
	file    *resultFile
	zip     *s2.Writer
	b, row  []byte
}

func newStaging(j *job, c *capture) (*staging, error) {
	n, err := newNoter(j)
	return &staging{job: j, capture: c, encode: newEncoder(j.Format), noter: n}, err
}

func (w *staging) add(ctx context.Context, id apart.ID, c *apart.Conversation) (err error) {
	if w.file == nil {
		if w.file, err = create(ctx, w.job.stagedName(w.capture)); err != nil {
			return err
		}
		options := []s2.WriterOption{s2.WriterConcurrency(1)}
		if !strings.Contains(w.job.Output, "://") {
			options = append(options, s2.WriterUncompressed()) // the disk at hand is faster than that; there is a checksum all the same
		}
		w.zip = s2.NewWriter(w.file, options...)
	}
	c.Stream = uint64(w.capture.Number)
	n := w.noter.of(c)
	w.row = w.encode(w.row[:0], c, &w.noter.judgment)
	w.b = binary.BigEndian.AppendUint32(w.b[:0], uint32(id))
	w.b = binary.AppendVarint(w.b, dayOf(c))
	w.b = append(w.b, uint8(c.Outcome))
	w.b = binary.AppendUvarint(w.b, n.firstFrame)
	for _, note := range [...][]byte{n.found, n.sum} {
		w.b = octets.AppendText(w.b, note)
	}
	w.b = binary.AppendUvarint(w.b, uint64(len(w.row)))
	if _, err = w.zip.Write(w.b); err == nil {
		_, err = w.zip.Write(w.row)
	}
	return err
}

// close ends the file and reports whether there is one: none is if something went wrong, err, or does.
func (w *staging) close(ctx context.Context, err error) (any bool, _ error) {
	if w.file == nil {
		return false, err
	}
	return true, w.file.finish(ctx, errors.Join(err, w.zip.Close()))
}

// maxRow bounds a record, which has some kilobytes.
const maxRow = 1 << 24

// eachRow gives f the records that were staged. Their data is valid until f returns.
func (j *job) eachRow(ctx context.Context, c *capture, f func(row) error) error {
	return j.read(ctx, j.stagedName(c), func(file io.Reader) error {
		r := rowReader{r: s2.NewReader(file)}
		for {
			x, err := r.next()
			if err == io.EOF {
				return nil
			}
			if err == nil {
				err = f(x)
			}
			if err != nil {
				return err
			}
		}
	})
}

var errRows = errors.New("what waits there for the others is damaged")

// rowReader reads records. What it returns is valid until the next.
type rowReader struct {
	r       *s2.Reader
	b, f, s []byte
}

// next is the next record; at the end the error is io.EOF.
func (r *rowReader) next() (x row, err error) {
	var id [4]byte
	if _, err := io.ReadFull(r.r, id[:]); err != nil {
		return x, err
	}
	x.id = apart.ID(binary.BigEndian.Uint32(id[:]))
	if x.day, err = binary.ReadVarint(r.r); err == nil {
		x.outcome, err = r.r.ReadByte()
	}
	if err == nil {
		x.notes.firstFrame, err = binary.ReadUvarint(r.r)
	}
	for _, field := range [...]*[]byte{&r.f, &r.s, &r.b} {
		if err == nil {
			err = r.field(field)
		}
	}
	if err != nil {
		return x, fmt.Errorf("%w: %v", errRows, err)
	}
	x.notes.found, x.notes.sum, x.data = r.f, r.s, r.b
	return x, nil
}

// field reads so many bytes as the number in front of them says.
func (r *rowReader) field(b *[]byte) error {
	size, err := binary.ReadUvarint(r.r)
	if err != nil {
		return err
	}
	if size > maxRow {
		return errRows
	}
	if uint64(cap(*b)) < size {
		*b = make([]byte, size)
	}
	*b = (*b)[:size]
	_, err = io.ReadFull(r.r, *b)
	return err
}

// home is a file for what a capture has of conversations that cross and are completed in it: bundles, each behind its length.
type home struct{ *resultFile }

// homeName is the name of that.
func (j *job) homeName(c *capture) string { return j.stagedName(c) + ".crossing" }

// newHome returns one without a file if nothing is completed there.
func newHome(ctx context.Context, j *job, p *plan) (h home, err error) {
	is, err := p.isHome()
	if is && err == nil {
		h.resultFile, err = create(ctx, j.homeName(&p.Capture))
	}
	return h, err
}

func (h home) add(bundle []byte) error {
	_, err := h.Write(octets.AppendText(nil, bundle))
	return err
}

// close ends the file: none is there if something went wrong, err, or does.
func (h home) close(ctx context.Context, err error) error {
	if h.resultFile == nil {
		return err
	}
	return h.finish(ctx, err)
}

// atHome is what is in such a file.
func (j *job) atHome(ctx context.Context, c *capture) (all []bundle, err error) {
	err = j.read(ctx, j.homeName(c), func(file io.Reader) error {
		r := bufio.NewReader(file)
		for {
			size, err := binary.ReadUvarint(r)
			if err == io.EOF {
				return nil
			}
			var b bytes.Buffer // each has memory of its own, which is free when it was read
			if err == nil {
				b.Grow(int(min(size, usualBundle)))
				_, err = io.CopyN(&b, r, int64(min(size, math.MaxInt64)))
			}
			if err != nil {
				return fmt.Errorf("%w: %v", errRows, err)
			}
			all = append(all, bundle{Number: c.Number, Data: b.Bytes()})
		}
	})
	return all, err
}

// usualBundle is more than most bundles have.
const usualBundle = 5 << 20

// tableName is the file that says how all captures lie in time. It is no side input of those who read it (atOnce).
func (j *job) tableName() string { return join(j.Output, "staged", "captures.gob") }

func (j *job) writeTable(ctx context.Context, lines []line) error {
	return writeFile(ctx, j.tableName(), func(w io.Writer) error { return gob.NewEncoder(w).Encode(lines) })
}

func (j *job) table(ctx context.Context) (lines []line, err error) {
	err = j.read(ctx, j.tableName(), func(r io.Reader) error { return gob.NewDecoder(bufio.NewReader(r)).Decode(&lines) })
	return lines, err
}

// read has f read a file. Errors of f are told with its name.
func (j *job) read(ctx context.Context, name string, f func(io.Reader) error) error {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer fs.Close()
	file, err := fs.OpenRead(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := f(file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// unstage removes all such files, when all captures are done. What cannot be removed is in nobody's way.
func (j *job) unstage(ctx context.Context) {
	dir := join(j.Output, "staged")
	fs, err := filesystem.New(ctx, dir)
	if err != nil {
		return
	}
	defer fs.Close()
	r, ok := fs.(filesystem.Remover)
	if !ok {
		return
	}
	names, _ := fs.List(ctx, dir+"/*")
	for _, name := range append(names, dir) {
		_ = r.Remove(ctx, name)
	}
}
