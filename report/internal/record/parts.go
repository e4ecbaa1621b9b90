package record

import (
	"sync"

	"tcptrace/report/internal/output"
)

// parts are the writers of several goroutines, of which each takes events of its own conversations. What they hold is put in order with what their
// owner holds, whenever that writes.
type parts struct {
	all    []*Events
	lock   sync.Mutex // of the owner's buffer while parts are used
	joined bool       // lines of parts are in the owner's buffer
}

// Part returns a writer of events of some conversations, for another goroutine. It is used while its owner is not, and what it was given is written when
// its owner writes. Errors are the owner's.
func (r *Events) Part() *Events {
	p := &Events{out: output.NewBuffer(nil), batch: newBatch(), owner: r}
	r.parts.all = append(r.parts.all, p)
	return p
}

// handOver gives the owner what is held. What of its conversations follows stays behind it, whatever time it has.
func (r *Events) handOver() error {
	o := r.owner
	o.parts.lock.Lock()
	defer o.parts.lock.Unlock()
	o.take(r)
	return o.spill()
}

// take takes what a part holds.
func (r *Events) take(p *Events) {
	r.parts.joined = r.parts.joined || len(p.out.B) > 0
	r.batch.join(len(r.out.B), &p.batch)
	r.out.B = append(r.out.B, p.out.B...)
	p.out.B = p.out.B[:0]
}

// gather takes what the parts hold.
func (r *Events) gather() {
	for _, p := range r.parts.all {
		r.take(p)
		p.batch.forget()
	}
}

// settle writes what is from parts, so that a line of a conversation comes behind those of it that they have told.
func (r *Events) settle() error {
	if r.gather(); !r.parts.joined {
		return nil
	}
	return r.Flush()
}
