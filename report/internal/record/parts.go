package record

import "sync"

// parts are the writers of several goroutines, of which each takes events of its own conversations. What they hold is put in order with what their
// owner holds, whenever that writes.
type parts struct {
	all  []*Events
	lock sync.Mutex // of the owner's buffer while parts write
}

// Part returns a writer of events of some conversations, for another goroutine. It is used while its owner is not, and what it was given is written when
// its owner writes; what does not fit into its buffer is written at once, and so not in order with what others hold. Errors are the owner's.
func (r *Events) Part() *Events {
	p := NewEvents(&share{r})
	r.parts.all = append(r.parts.all, p)
	return p
}

// share writes for one of several parts.
type share struct{ owner *Events }

func (s *share) Write(text []byte) (int, error) {
	s.owner.parts.lock.Lock()
	defer s.owner.parts.lock.Unlock()
	s.owner.out.B = s.owner.batch.sort(s.owner.out.B) // what it holds comes before
	s.owner.out.B = append(s.owner.out.B, text...)
	return len(text), s.owner.out.Flush()
}

// gather takes what the parts hold.
func (r *Events) gather() {
	for _, p := range r.parts.all {
		r.batch.join(len(r.out.B), &p.batch)
		r.out.B = append(r.out.B, p.out.B...)
		p.out.B = p.out.B[:0]
	}
}

// settle writes what parts hold, so that a line of a conversation comes behind those of it that they have.
func (r *Events) settle() error {
	for _, p := range r.parts.all {
		if len(p.out.B) > 0 {
			return r.Flush()
		}
	}
	return nil
}
