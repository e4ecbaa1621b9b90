package input

import (
	"fmt"

	"tcptrace/internal/displayfilter"
	"tcptrace/internal/wire"
)

// Filter is a capture filter in libpcap's language (pcap-filter(7)), for frames
// that are already captured. It is for one goroutine.
type Filter struct {
	expr     string
	programs map[wire.LinkType]matcher // nil where the expression cannot be compiled
	last     matcher                   // of lastLink: traces seldom change link types
	lastLink wire.LinkType
	errs     []error
}

// MaxFilter bounds the length of a filter in bytes: libpcap takes seconds for 200 hosts, minutes for 1,000, and then gigabytes.
const MaxFilter = 4096

// matcher is an expression compiled for one link type.
type matcher interface {
	match(frame []byte, wireLen uint32) bool
}

// NewFilter checks the expression by compiling it for Ethernet. An expression that
// only other link types allow is therefore refused. A build without libpcap has a part of the language (package filterlang).
func NewFilter(expr string) (*Filter, error) {
	if len(expr) > MaxFilter {
		return nil, fmt.Errorf("the filter is longer than %d bytes: name networks instead of hosts, or use --where", MaxFilter)
	}
	m, err := compile(expr, wire.LinkEthernet)
	if err != nil {
		if hint := displayfilter.ForCapture(expr); hint != "" {
			return nil, fmt.Errorf("%q: %w; %s", expr, err, hint)
		}
		return nil, fmt.Errorf("%q: %w", expr, err)
	}
	return &Filter{
		expr:     expr,
		programs: map[wire.LinkType]matcher{wire.LinkEthernet: m},
		last:     m,
		lastLink: wire.LinkEthernet,
	}, nil
}

// Match reports whether the filter lets the frame through. Where the expression
// cannot be compiled for the link type nothing gets through; see Errors.
func (f *Filter) Match(link wire.LinkType, frame []byte, wireLen uint32) bool {
	if link != f.lastLink {
		f.last, f.lastLink = f.program(link), link
	}
	return f.last != nil && f.last.match(frame, wireLen)
}

func (f *Filter) program(link wire.LinkType) matcher {
	m, ok := f.programs[link]
	if ok {
		return m
	}
	m, err := compile(f.expr, link)
	if err != nil {
		f.errs = append(f.errs, fmt.Errorf("filter %q, link type %v: %w; its packets are left out", f.expr, link, err))
	}
	f.programs[link] = m
	return m
}

// Errors has one entry for each link type that the expression could not be
// compiled for. At most 65536 link types exist.
func (f *Filter) Errors() []error { return f.errs }
