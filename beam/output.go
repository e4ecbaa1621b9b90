package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"tcptrace/analyzer"
)

// writer writes records to a file for each day. A step that is run again, or twice at once, writes the same files with the same content.
type writer struct {
	job     *job
	name    string
	reports *reports
	days    map[int64]*dayFile
	tally   tally
	total   totals
}

type dayFile struct {
	file   *resultFile
	report encoder
}

func newWriter(j *job, name string, of *reports) (*writer, error) {
	total, err := newTotals(j)
	return &writer{job: j, name: name, reports: of, days: map[int64]*dayFile{}, tally: tally{Outcomes: make([]int64, analyzer.NumOutcomes)}, total: total}, err
}

// add writes a record of the capture with that number, before the frames of which there are so many.
func (w *writer) add(ctx context.Context, r row, number int64, before uint64) error {
	if err := w.total.add(&r.notes, number, before); err != nil {
		return err
	}
	d := w.days[r.day]
	if d == nil {
		date := time.Unix(0, 0).UTC().Add(time.Duration(r.day) * day).Format(time.DateOnly)
		file, err := create(ctx, join(w.job.Output, "day="+date, w.name+"."+w.job.Format))
		if err != nil {
			return err
		}
		d = &dayFile{file, w.reports.begin(w.job.Format, file)}
		w.days[r.day] = d
	}
	w.tally.Conversations++
	if int(r.outcome) < len(w.tally.Outcomes) {
		w.tally.Outcomes[r.outcome]++
	}
	return d.report.Encoded(r.data)
}

// close ends the files and tells what is in them, and what it comes to, by a number; if something went wrong, err, or not all can be written to their ends, it
// drops them. None is there before all are written; if one cannot be put in its place then, those before it stay, and the next attempt writes the same.
func (w *writer) close(ctx context.Context, err error, number int64, emit func(tally), total func(int64, part)) error {
	for _, d := range w.days {
		if err != nil {
			break
		}
		if err = d.report.Finish(nil); err == nil {
			w.reports.end(d.report)
		}
	}
	for _, d := range w.days {
		err = d.file.finish(ctx, err)
	}
	if err != nil {
		return err
	}
	emit(w.tally)
	total(number/mergedAtOnce, w.total.part())
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
	if f.WriteCloser, err = fs.OpenWrite(ctx, f.now); err != nil {
		_ = fs.Close()
		return nil, err
	}
	return f, nil
}

// finish ends the file: it is there from then on. If something went wrong, err, or does, nothing of it is, but in an object store.
func (f *resultFile) finish(ctx context.Context, err error) error {
	defer f.fs.Close()
	if err = errors.Join(err, f.Close()); err == nil && f.now != f.end {
		err = filesystem.Rename(ctx, f.fs, f.now, f.end)
	}
	if r, ok := f.fs.(filesystem.Remover); ok && err != nil && f.now != f.end {
		_ = r.Remove(ctx, f.now)
	}
	return err
}

// writeFile writes a file.
func writeFile(ctx context.Context, name string, write func(io.Writer) error) error {
	file, err := create(ctx, name)
	if err != nil {
		return err
	}
	return file.finish(ctx, write(file))
}
