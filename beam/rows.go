package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/klauspost/compress/zstd"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/report"
)

// row is the record of a conversation.
type row struct {
	id      apart.ID
	day     int64 // of its first packet, since the Unix epoch, UTC
	outcome uint8
	data    []byte
}

const day = 24 * time.Hour

func dayOf(c *apart.Conversation) int64 { return int64(c.Start) / int64(day) }

// encoder is what package report has for sinks of several goroutines.
type encoder interface {
	NewEncoder() func([]byte, *analyzer.Conversation) []byte
	Encoded([]byte) error
	Finish(*analyzer.Summary) error
}

func newReport(format string, w io.Writer) encoder {
	if format == "ndjson" {
		return report.NewNDJSON(w)
	}
	return report.NewParquet(w)
}

func newEncoder(format string) func([]byte, *analyzer.Conversation) []byte {
	return newReport(format, io.Discard).NewEncoder()
}

// rowWriter hands on the records of a capture.
type rowWriter struct {
	number int64
	out    rows
	encode func([]byte, *analyzer.Conversation) []byte
	emit   func(int64, rows)
	b, row []byte
	zip    *zstd.Encoder
}

// batchSize is about how many bytes of records are handed on at once, before they are compressed.
const batchSize = 32 << 20

// batchesOfGroups is the number of the first batch of captures that are read with others: what was handed on of the first of these before that
// was known has lower ones.
const batchesOfGroups = 1 << 20

func newRowWriter(format string, number int64, emit func(int64, rows)) *rowWriter {
	return &rowWriter{number: number, encode: newEncoder(format), emit: emit}
}

func (w *rowWriter) add(id apart.ID, c *apart.Conversation) error {
	c.Stream = uint64(w.number)
	w.row = w.encode(w.row[:0], c)
	w.b = binary.BigEndian.AppendUint64(w.b, uint64(id))
	w.b = binary.AppendUvarint(w.b, uint64(dayOf(c)))
	w.b = append(w.b, uint8(c.Outcome))
	w.b = append(binary.AppendUvarint(w.b, uint64(len(w.row))), w.row...)
	if len(w.b) >= batchSize {
		return w.flush()
	}
	return nil
}

func (w *rowWriter) flush() error {
	if len(w.b) == 0 {
		return nil
	}
	if w.zip == nil {
		var err error
		if w.zip, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
			return err
		}
	}
	w.out.Data = w.zip.EncodeAll(w.b, nil)
	w.emit(w.number, w.out)
	w.out.Batch++
	w.b = w.b[:0]
	return nil
}

var errRows = errors.New("records that were handed on are damaged")

// eachRow gives f the records of a batch.
func eachRow(data []byte, f func(row) error) error {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer unzip.Close()
	b, err := unzip.DecodeAll(data, nil)
	if err != nil {
		return err
	}
	for len(b) > 0 {
		if len(b) < 8 {
			return errRows
		}
		x := row{id: apart.ID(binary.BigEndian.Uint64(b))}
		day, n := binary.Uvarint(b[8:])
		if n <= 0 || len(b) < 9+n {
			return errRows
		}
		x.day, x.outcome, b = int64(day), b[8+n], b[9+n:]
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return errRows
		}
		x.data, b = b[n:n+int(size)], b[n+int(size):]
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// writer writes records to a file for each day. A step that is run again, or twice at once, writes the same files with the same content.
type writer struct {
	job   *job
	name  string
	days  map[int64]*dayFile
	tally tally
}

type dayFile struct {
	file   *resultFile
	report encoder
}

func newWriter(j *job, name string) *writer {
	return &writer{job: j, name: name, days: map[int64]*dayFile{}, tally: tally{Outcomes: make([]int64, analyzer.NumOutcomes)}}
}

func (w *writer) add(ctx context.Context, r row) error {
	d := w.days[r.day]
	if d == nil {
		date := time.Unix(0, 0).UTC().Add(time.Duration(r.day) * day).Format(time.DateOnly)
		file, err := create(ctx, join(w.job.Output, "day="+date, w.name+"."+w.job.Format))
		if err != nil {
			return err
		}
		d = &dayFile{file, newReport(w.job.Format, file)}
		w.days[r.day] = d
	}
	w.tally.Conversations++
	if int(r.outcome) < len(w.tally.Outcomes) {
		w.tally.Outcomes[r.outcome]++
	}
	return d.report.Encoded(r.data)
}

// close ends the files and tells what is in them.
func (w *writer) close(ctx context.Context, emit func(tally)) error {
	for _, d := range w.days {
		if err := d.report.Finish(nil); err != nil {
			return err
		}
		if err := d.file.commit(ctx); err != nil {
			return err
		}
	}
	emit(w.tally)
	return nil
}

// join is path.Join for names with a scheme, too.
func join(dir string, names ...string) string {
	return strings.TrimRight(dir, "/") + "/" + path.Join(names...)
}

// resultFile is a file that is there when it is whole. Object stores do that by themselves.
type resultFile struct {
	io.WriteCloser
	fs       filesystem.Interface
	now, end string
}

func create(ctx context.Context, name string) (*resultFile, error) {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, err
	}
	f := &resultFile{fs: fs, now: name, end: name}
	if !strings.Contains(name, "://") {
		f.now = fmt.Sprintf("%s.%016x.part", name, rand.Uint64())
	}
	f.WriteCloser, err = fs.OpenWrite(ctx, f.now)
	return f, err
}

func (f *resultFile) commit(ctx context.Context) error {
	err := f.Close()
	if err == nil && f.now != f.end {
		err = filesystem.Rename(ctx, f.fs, f.now, f.end)
	}
	return errors.Join(err, f.fs.Close())
}
