package main

import (
	"context"
	"errors"

	"github.com/klauspost/compress/zstd"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/internal/findings"
	"tcptrace/internal/names"
	"tcptrace/report"
)

// What a conversation adds to the findings and the sums is noted when it is judged, and waits with its record until it is known that it is not void. Then
// the notes of a capture are added up, what these come to in lists of some captures, and that in the end.

// noter notes what conversations add. It belongs to one goroutine.
type noter struct {
	judgment analyzer.Judgment
	sums     *report.Sums // nil: there are none
	found    []byte
	sum      []byte
}

// newSums returns sums as they are asked for, nil if they are not.
func (j *job) newSums() (*report.Sums, error) {
	if j.By == "" {
		return nil, nil
	}
	sums, err := report.NewSums(j.By, report.MostGroups)
	if err == nil {
		err = sums.Captured()
	}
	return sums, err
}

// findings says how findings are told: with the names of services, as one machine has them.
func (j *job) findings() (o findings.Options) {
	if !j.NoNames {
		o.Services = names.Services(names.ServicesFile)
	}
	return o
}

func newNoter(j *job) (n noter, err error) {
	n.sums, err = j.newSums()
	return n, err
}

// of judges c, and says what it adds. It is valid until the next call, as is the judgment.
func (n *noter) of(c *analyzer.Conversation) notes {
	n.judgment.Judge(c)
	n.found = findings.AppendNote(n.found[:0], c, &n.judgment)
	if n.sums != nil {
		n.sum = n.sums.AppendNote(n.sum[:0], c, &n.judgment)
	}
	return notes{c.FirstFrame, n.found, n.sum}
}

// notes is what a conversation adds to the findings and to the sums.
type notes struct {
	firstFrame uint64
	found, sum []byte
}

// totals is what conversations add up to.
type totals struct {
	found *findings.Collector
	sums  *report.Sums // nil: there are none
}

func newTotals(j *job) (t totals, err error) {
	t.found = findings.New()
	t.sums, err = j.newSums()
	return t, err
}

// add adds a conversation of the capture with that number, before the frames of which there are so many.
func (t *totals) add(n *notes, number int64, before uint64) error {
	err := t.found.Noted(n.found, before+n.firstFrame, uint64(number))
	if t.sums != nil {
		err = errors.Join(err, t.sums.Noted(n.sum))
	}
	return err
}

// maxPart bounds what a part unpacks to: 20 kB for each of report.MostGroups, which is as much as one takes with times in every bin of its sketches.
const maxPart = 2 << 30

// unzip is for parts. It is safe for concurrent use.
var unzip = func() *zstd.Decoder {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPart))
	if err != nil {
		panic(err) // the options are constants
	}
	return unzip
}()

// part is totals as they are handed on.
func (t *totals) part() (p part) {
	p.Found = apart.Compress(t.found.Append(nil))
	if t.sums != nil {
		p.Sums = apart.Compress(t.sums.Append(nil))
	}
	return p
}

// merge adds a part.
func (t *totals) merge(p *part) error {
	found, err := unzip.DecodeAll(p.Found, nil)
	if err == nil {
		err = t.found.Merge(found)
	}
	if err != nil || t.sums == nil {
		return err
	}
	sums, err := unzip.DecodeAll(p.Sums, nil)
	if err == nil {
		err = t.sums.Merge(sums)
	}
	return err
}

// mergedAtOnce is of how many captures parts are merged in one place before all are.
const mergedAtOnce = 64

// mergeFn merges parts.
type mergeFn struct{ Job job }

// ProcessElement is for Beam.
func (f *mergeFn) ProcessElement(_ context.Context, _ int64, parts func(*part) bool, emit func(part)) error {
	t, err := f.Job.merged(parts)
	if err != nil {
		return err
	}
	emit(t.part())
	return nil
}

// merged is what parts come to.
func (j *job) merged(parts func(*part) bool) (totals, error) {
	t, err := newTotals(j)
	for p := (part{}); err == nil && parts(&p); p = (part{}) {
		err = t.merge(&p)
	}
	return t, err
}
