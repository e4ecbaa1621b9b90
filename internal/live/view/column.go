package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
	"tcptrace/report"
)

// column is a column of the table.
type column struct {
	head    string
	width   int  // least; 0: as wide as what is in it
	grows   bool // up to what is in it, where there is room
	number  bool
	text    func(r *row) string
	style   func(r *row) style
	compare func(a, b *row) int
	down    bool // what is largest comes first, unless reversed
	kernel  bool // it is what this host's kernel says, and shown if that says anything
	ranking analyzer.Ranking
}

// Places in columns.
const (
	colStream = iota
	colClient
	colServer
	numNaming // the columns so far name the conversation, and are always shown
	colRate   = 5
)

// columns are all columns, what matters most first.
var columns = []column{
	{head: "#", width: 3, number: true, down: true, ranking: analyzer.ByStart,
		text: func(r *row) string {
			if isSilent(r.c.FirstFrame) {
				return "-"
			}
			return strconv.FormatUint(r.c.Stream, 10)
		},
		compare: by(func(r *row) uint64 { return r.c.Stream })},
	{head: "client", text: addrText(analyzer.Client), compare: byAddr(analyzer.Client)},
	{head: "server", text: addrText(analyzer.Server), compare: byAddr(analyzer.Server)},
	{head: "client is", width: stateWidth, text: stateText(analyzer.Client), compare: byState(analyzer.Client)},
	{head: "server is", width: stateWidth, text: stateText(analyzer.Server), compare: byState(analyzer.Server)},
	{head: "B/s", width: 5, number: true, down: true, ranking: analyzer.ByRate,
		text:    func(r *row) string { return short(r.rate[0] + r.rate[1]) },
		compare: by(func(r *row) float64 { return r.rate[0] + r.rate[1] })},
	{head: "process", width: 16, grows: true, kernel: true, text: (*row).processes, compare: by((*row).processes)},
	{head: "RTT", width: 8, number: true, down: true,
		text: func(r *row) string {
			if d := r.roundTrip(); d > 0 {
				return report.HumanDuration(d)
			}
			return ""
		},
		compare: by((*row).roundTrip)},
	{head: "resent", width: 6, number: true, down: true,
		text: func(r *row) string { return some(r.resent()) },
		style: func(r *row) style {
			if r.resent() > 0 {
				return warning
			}
			return ordinary
		},
		compare: by((*row).resent)},
	{head: "worst anomaly", width: 20, down: true,
		text: func(r *row) string {
			switch {
			case r.worst == nil:
				return ""
			case r.others > 0:
				return fmt.Sprintf("%s +%d", r.worst.ID, r.others)
			}
			return r.worst.ID
		},
		style:   (*row).severity,
		compare: by(func(r *row) int { return r.gravity() })},
	{head: "B/s >", width: 5, number: true, down: true, ranking: analyzer.ByRate,
		text: func(r *row) string { return short(r.rate[analyzer.Client]) }, compare: by(func(r *row) float64 { return r.rate[analyzer.Client] })},
	{head: "< B/s", width: 5, number: true, down: true, ranking: analyzer.ByRate,
		text: func(r *row) string { return short(r.rate[analyzer.Server]) }, compare: by(func(r *row) float64 { return r.rate[analyzer.Server] })},
	{head: "data >", width: 6, number: true, down: true, ranking: analyzer.ByBytes,
		text: sentText(analyzer.Client), compare: by(func(r *row) uint64 { return r.c.Sent[analyzer.Client].PayloadBytes })},
	{head: "< data", width: 6, number: true, down: true, ranking: analyzer.ByBytes,
		text: sentText(analyzer.Server), compare: by(func(r *row) uint64 { return r.c.Sent[analyzer.Server].PayloadBytes })},
	{head: "idle", width: 8, number: true,
		text: func(r *row) string { return ago(r.now - r.c.End) }, compare: by(func(r *row) analyzer.Time { return -r.c.End })},
	{head: "age", width: 8, number: true,
		text: func(r *row) string { return ago(r.now - r.c.Start) }, compare: by(func(r *row) analyzer.Time { return -r.c.Start }), ranking: analyzer.ByStart},
	{head: "packets", width: 9, number: true, down: true, ranking: analyzer.ByPackets,
		text: func(r *row) string { return report.HumanCount(r.c.Packets()) }, compare: by(func(r *row) uint64 { return r.c.Packets() })},
	{head: "outcome", width: 10,
		text: func(r *row) string { return r.c.Outcome.String() }, compare: by(func(r *row) analyzer.Outcome { return r.c.Outcome })},
	{head: "client's kernel", width: 15, kernel: true, text: kernelText(analyzer.Client), compare: by(kernelText(analyzer.Client))},
	{head: "server's kernel", width: 15, kernel: true, text: kernelText(analyzer.Server), compare: by(kernelText(analyzer.Server))},
}

// shownColumns is which of columns there are to see.
func shownColumns(rows []*row) (shown []int) {
	says := slices.ContainsFunc(rows, func(r *row) bool { return r.kernel != [2]kernel.Endpoint{} })
	for col := range columns {
		if says || !columns[col].kernel {
			shown = append(shown, col)
		}
	}
	return shown
}

// kernelText is the state in which the kernel has an end on this host; a star if no socket stands for it.
func kernelText(side analyzer.Side) func(r *row) string {
	return func(r *row) string {
		switch e := &r.kernel[side]; {
		case e.State == fsm.Unknown:
			return ""
		case e.Socket:
			return e.State.String()
		default:
			return e.State.String() + "*"
		}
	}
}

// processes are those of the ends on this host, as the record has them; what it does not have yet, the kernel may know.
func (r *row) processes() string {
	var list []string
	for side := range r.kernel {
		p := &r.kernel[side].Process
		if end := r.c.Hosts[side]; end != nil && end.Process.PID != 0 {
			p = &end.Process
		}
		if p.PID != 0 {
			list = append(list, fmt.Sprintf("%s[%d]", report.PlainText(p.Name), p.PID))
		}
	}
	return strings.Join(slices.Compact(list), " ")
}

const stateWidth = len("ESTABLISHED") + 1 // and a mark

// by compares rows by a key.
func by[K cmp.Ordered](key func(r *row) K) func(a, b *row) int {
	return func(a, b *row) int { return cmp.Compare(key(a), key(b)) }
}

func byAddr(side analyzer.Side) func(a, b *row) int {
	return func(a, b *row) int { return a.c.Addr[side].Compare(b.c.Addr[side]) }
}

func addrText(side analyzer.Side) func(r *row) string {
	return func(r *row) string { return report.HostText(&r.c, side) }
}

func stateText(side analyzer.Side) func(r *row) string {
	return func(r *row) string { return r.state[side].String() }
}

func byState(side analyzer.Side) func(a, b *row) int {
	return by(func(r *row) string { return r.state[side].state })
}

func sentText(side analyzer.Side) func(r *row) string {
	return func(r *row) string { return short(float64(r.c.Sent[side].PayloadBytes)) }
}

// gravity ranks rows by what is worst in them, then by how much more there is.
func (r *row) gravity() int {
	if r.worst == nil {
		return 0
	}
	return (int(r.worst.Severity)+1)<<16 + r.others
}

func (r *row) severity() style {
	if r.worst == nil {
		return ordinary
	}
	return severityStyles[r.worst.Severity]
}

// sign is one column that says how bad it is, for where there is no room for more.
func (r *row) sign() string {
	if r.worst == nil {
		return " "
	}
	return [...]string{analyzer.SeverityNote: " ", analyzer.SeverityWarning: "!", analyzer.SeverityError: "X"}[r.worst.Severity]
}

// short is n in five columns at most: "0", "999", "1.2k", "12.3M", "123M". It cuts and does not round.
func short(n float64) string {
	if n < 1 {
		return ""
	}
	if n < 1000 {
		return strconv.Itoa(int(n))
	}
	unit := -1
	for n >= 1000 && unit < len(siPrefixes)-1 {
		n /= 1000
		unit++
	}
	if n >= 100 {
		return strconv.Itoa(int(min(n, 9999))) + siPrefixes[unit:unit+1]
	}
	return strconv.FormatFloat(float64(int(n*10))/10, 'f', 1, 64) + siPrefixes[unit:unit+1]
}

const siPrefixes = "kMGTPE"

// some is n, if there are any.
func some(n uint64) string {
	if n == 0 {
		return ""
	}
	return report.HumanCount(n)
}

// ago is a time span that needs no precision.
func ago(d analyzer.Time) string {
	return report.HumanDuration(max(0, d).Sub(0))
}
