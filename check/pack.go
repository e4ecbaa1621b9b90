package check

import (
	"context"
	"sync"

	"tcptrace/analyzer"
	"tcptrace/check/expect"
	"tcptrace/report"
)

// Pack reads two captures for expect.Diff, side by side if there are workers for that. It keeps of the records only what is compared,
// which takes much less memory than Load. What is wrong with the first one is returned before what is wrong with the other.
func Pack(ctx context.Context, paths [2]string, o Options) (packed [2]*expect.Packed, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := o.processors()
	var jobs [2]*job
	var errs [2]error
	read := func(i int) {
		jobs[i] = loading(paths[i], &o, max(workers/2, 1))
		if packed[i], errs[i] = jobs[i].pack(ctx); i == 0 && errs[i] != nil {
			stop() // the other one does not matter
		}
	}
	var other sync.WaitGroup
	if workers > 1 {
		other.Go(func() { read(1) })
	}
	read(0)
	other.Wait()
	if workers == 1 && errs[0] == nil {
		read(1)
	}
	for i, j := range jobs {
		if j != nil {
			j.warn()
		}
		if errs[i] != nil {
			return packed, errs[i]
		}
	}
	return packed, nil
}

func (j *job) pack(ctx context.Context) (*expect.Packed, error) {
	p := &packer{ctx: ctx}
	_, problems := j.read(ctx, p)
	p.all.Sort()
	return &p.all, inOne(problems)
}

// packer packs the records of all conversations, or stops when ctx is cancelled: a part of them is not compared.
type packer struct {
	ctx      context.Context
	judgment analyzer.Judgment
	record   report.Record
	all      expect.Packed
}

// Conversation implements analyzer.Sink.
func (p *packer) Conversation(c *analyzer.Conversation) error {
	if err := context.Cause(p.ctx); err != nil {
		return err
	}
	if p.all.Len() == MaxRecords {
		return errTooMany(MaxRecords)
	}
	p.judgment.Judge(c)
	report.FillRecord(&p.record, c, &p.judgment)
	p.all.Add(&p.record)
	return nil
}
