package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"tcptrace/analyzer"
	"tcptrace/internal/topk"
)

// compareBy orders conversations by each key that --sort takes.
var compareBy = map[string]func(a, b *analyzer.Conversation) int{
	"start":    func(a, b *analyzer.Conversation) int { return cmp.Compare(a.Start, b.Start) },
	"end":      func(a, b *analyzer.Conversation) int { return cmp.Compare(a.End, b.End) },
	"duration": func(a, b *analyzer.Conversation) int { return cmp.Compare(a.Duration(), b.Duration()) },
	"packets":  func(a, b *analyzer.Conversation) int { return cmp.Compare(a.Packets(), b.Packets()) },
	"bytes":    func(a, b *analyzer.Conversation) int { return cmp.Compare(payloadBytes(a), payloadBytes(b)) },
	"client": func(a, b *analyzer.Conversation) int {
		return a.Addr[analyzer.Client].Compare(b.Addr[analyzer.Client])
	},
	"server": func(a, b *analyzer.Conversation) int {
		return a.Addr[analyzer.Server].Compare(b.Addr[analyzer.Server])
	},
	"outcome": func(a, b *analyzer.Conversation) int { return cmp.Compare(a.Outcome, b.Outcome) },
}

func payloadBytes(c *analyzer.Conversation) uint64 {
	return c.Sent[analyzer.Client].PayloadBytes + c.Sent[analyzer.Server].PayloadBytes
}

// Key is an order of conversations. The zero Key orders by start. Equal conversations
// are in the order of their streams, in either direction of the key.
type Key struct {
	name    string
	reverse bool
	field   *Field // nil: one of compareBy
}

// KeyNames are the names that ParseKey accepts, sorted.
func KeyNames() []string { return slices.Sorted(maps.Keys(compareBy)) }

// ParseKey parses the name of a key, which may be that of any field ([ParseField]); "-" before it reverses the order.
func ParseKey(s string) (Key, error) {
	name, reverse := strings.CutPrefix(s, "-")
	if compareBy[name] != nil {
		return Key{name: name, reverse: reverse}, nil
	}
	f, err := ParseField(name)
	if err != nil {
		return Key{}, err
	}
	return Key{name, reverse, f}, nil
}

// compare returns the key's order, total over conversations of different streams.
func (k Key) compare() func(a, b *collected) int {
	byKey := compareBy[cmp.Or(k.name, "start")]
	sign := 1
	if k.reverse {
		sign = -1
	}
	return func(a, b *collected) int {
		d := 0
		switch {
		case k.field == nil:
			d = byKey(a.c, b.c)
		case a.key.known != b.key.known: // what is not known comes last, either way
			d = sign
			if a.key.known {
				d = -sign
			}
		default:
			d = compareValues(&a.key, &b.key)
		}
		if d != 0 {
			return sign * d
		}
		return cmp.Compare(a.c.Stream, b.c.Stream)
	}
}

// chunkLen is how many conversations are allocated at a time. Growing one slice
// would hold two copies of everything for a moment.
const chunkLen = 1024

// Collector keeps the first conversations in the order of a key. One that does not
// get in costs a comparison and is not copied.
type Collector struct {
	limit   int          // 0: keep all
	byStart bool         // in order of start, so that Skips can tell
	latest  atomic.Int64 // start of the last row once there are enough
	total   uint64
	top     topk.Top[*collected]
	chunk   []copied
	field   *Field    // by which they are sorted, if that is none of compareBy
	of      judged    // for field
	next    collected // reused
}

// collected is a conversation, and the value that it is sorted by, if that is a field.
type collected struct {
	c   *analyzer.Conversation
	key fieldValue
}

// NewCollector returns a collector of at most limit conversations; 0 keeps all.
func NewCollector(key Key, limit int) *Collector {
	k := &Collector{limit: max(limit, 0), top: topk.New(limit, key.compare()), field: key.field, byStart: !key.reverse && (key.name == "" || key.name == "start")}
	k.latest.Store(math.MaxInt64)
	return k
}

// Conversation keeps a copy of c if it is among the first. It never fails.
func (k *Collector) Conversation(c *analyzer.Conversation) error {
	k.total++
	k.next.c = c
	if k.field != nil {
		k.of.begin(c)
		k.next.key = k.field.of(&k.of)
	}
	switch {
	case !k.top.Full():
		k.top.Put(k.copied(c))
	case k.top.Admits(&k.next):
		last := k.top.Last()
		c.CopyTo(last.c)
		last.key = k.next.key
		k.top.Put(last)
	}
	if k.byStart && k.top.Full() {
		k.latest.Store(int64(k.top.Last().c.Start))
	}
	return nil
}

// Skips is for [analyzer.Sink]: if the order is by start, conversations that begin after the last
// row of a full collector are not kept. They are not counted in Hidden.
func (k *Collector) Skips(start analyzer.Time) bool { return int64(start) > k.latest.Load() }

// copied is a copy of a conversation.
type copied struct {
	collected
	conversation analyzer.Conversation
}

func (k *Collector) copied(c *analyzer.Conversation) *collected {
	if len(k.chunk) == cap(k.chunk) {
		n := chunkLen
		if k.limit > 0 {
			n = min(n, k.limit-k.top.Len())
		}
		k.chunk = make([]copied, 0, n)
	}
	k.chunk = k.chunk[:len(k.chunk)+1]
	copy := &k.chunk[len(k.chunk)-1]
	c.CopyTo(&copy.conversation)
	copy.collected = collected{&copy.conversation, k.next.key}
	return &copy.collected
}

// Sorted returns the conversations that were kept, in order. The collector takes no more conversations
// after that.
func (k *Collector) Sorted() []*analyzer.Conversation {
	sorted := k.top.Sorted()
	cs := make([]*analyzer.Conversation, len(sorted))
	for i, kept := range sorted {
		cs[i] = kept.c
	}
	return cs
}

// First is for [analyzer.Sink].
func (k *Collector) First() int {
	if k.byStart {
		return k.limit
	}
	return 0
}

// Hidden is how many conversations were not kept.
func (k *Collector) Hidden() uint64 { return k.total - uint64(k.top.Len()) }

// SortedReport collects conversations and passes them on in order when it is
// finished.
type SortedReport struct {
	*Collector
	next Report
	late func() bool
}

// Sorted returns a report that passes on the first limit conversations (0: all) in
// the order of key. It holds what it keeps, about 2 kB a conversation, until
// Finish.
func Sorted(next Report, key Key, limit int) *SortedReport {
	return &SortedReport{NewCollector(key, limit), next, func() bool { return false }}
}

// Until makes Finish leave out the remaining conversations as soon as late returns true (see [analyzer.Options]). Summary.LeftOut counts them.
func (r *SortedReport) Until(late func() bool) { r.late = late }

func (r *SortedReport) selected(s Selection) { tell(r.next, s) }

// Finish passes on what was kept, then the summary.
func (r *SortedReport) Finish(s *analyzer.Summary) error {
	if next, ok := r.next.(interface{ begins(first analyzer.Time) }); ok {
		next.begins(s.Start)
	}
	sorted := r.Collector.Sorted()
	for i, c := range sorted {
		if r.late() {
			s.LeftOut += uint64(len(sorted) - i)
			break
		}
		if err := r.next.Conversation(c); err != nil {
			return err
		}
	}
	return r.next.Finish(s)
}
