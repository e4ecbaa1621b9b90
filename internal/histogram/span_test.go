package histogram

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// TestSpan: what is not known does not count; parts come to the same as the whole, on paper in between.
func TestSpan(t *testing.T) {
	var all, part, none Span
	for _, at := range []int64{5e9, 0, 2e9, 9e9} {
		all.Add(analyzer.Time(at))
	}
	part.Add(5e9)
	other := Span{2, 2e9, 9e9}
	var in, out octets.Clock
	r := octets.Reader{Left: none.Append(other.Append(nil, &in), &in)}
	read, nothing := ReadSpan(&r, &out), ReadSpan(&r, &out)
	part.Merge(&read)
	part.Merge(&nothing)
	if !r.Done() || part != all || all != (Span{3, 2e9, 9e9}) {
		t.Errorf("%+v, %+v", all, part)
	}
}
