package metrics

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"tcptrace/internal/live"
)

// dashboard is what the tests want to know of it.
type dashboard struct {
	Panels []struct {
		ID                       int
		Type, Title, Description string
		Datasource               struct{ UID string }
		GridPos                  struct{ X, Y, W, H int }
		Targets                  []struct{ Expr, RefID string }
	}
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal(Dashboard, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// exported are the families that are served, by the names that expressions use, with the labels of each.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{Capture: lossy}, live.Options{}, nil)
	names := map[string][]string{"tcptrace_capture_lag_seconds": {"instance"}} // absent of what is no live capture
	for _, f := range gather(t, m) {
		labels := []string{"instance"}
		for _, l := range f.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		names[f.GetName()] = labels
		if f.GetType() == dto.MetricType_HISTOGRAM {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				names[f.GetName()+suffix] = append(slices.Clone(labels), "le")
			}
			delete(names, f.GetName())
		}
	}
	return names
}

var (
	metricName = regexp.MustCompile(`\b(?:tcptrace|process|go)_\w+`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
	matchers   = regexp.MustCompile(`\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`(\w+)=~?"`)
)

// TestDashboardNames: every expression asks for metrics and labels that there are, and every metric is shown.
func TestDashboardNames(t *testing.T) {
	known := exported(t)
	shown := map[string]bool{}
	check := func(expr string) {
		names := metricName.FindAllString(expr, -1)
		if len(names) == 0 {
			t.Errorf("%s names no metric", expr)
		}
		var labels []string
		for _, name := range names {
			if known[name] == nil {
				t.Errorf("%s: there is no %s", expr, name)
			}
			shown[name] = true
			labels = append(labels, known[name]...)
		}
		for _, by := range grouping.FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(by[1], ", ") {
				if !slices.Contains(labels, label) {
					t.Errorf("%s: there is no label %q", expr, label)
				}
			}
		}
		for _, in := range matchers.FindAllStringSubmatch(expr, -1) {
			for _, label := range labelName.FindAllStringSubmatch(in[1], -1) {
				if !slices.Contains(labels, label[1]) {
					t.Errorf("%s: there is no label %q", expr, label[1])
				}
			}
		}
	}
	d := readDashboard(t)
	for _, v := range d.Templating.List {
		if v.Definition != "" {
			check(v.Definition)
		}
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			check(target.Expr)
			if strings.Count(target.Expr, "(") != strings.Count(target.Expr, ")") {
				t.Errorf("%s: brackets", target.Expr)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		family := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if !strings.HasPrefix(name, "tcptrace_") || family != name && shown[family+"_bucket"] {
			continue
		}
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
}

// TestDashboardLayout: panels can be told apart, say what they show, and do not overlap.
func TestDashboardLayout(t *testing.T) {
	ids, cells := map[int]bool{}, map[[2]int]string{}
	d := readDashboard(t)
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q", p.ID, p.Title)
		}
		ids[p.ID] = true
		if row := p.Type == "row"; row != (len(p.Targets) == 0) || !row && (p.Description == "" || p.Datasource.UID != "${datasource}") {
			t.Errorf("%q: a description, a data source or expressions are missing", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Errorf("%q lies over %q at %d,%d", p.Title, other, x, y)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
	}
	if len(ids) < 20 {
		t.Errorf("only %d panels", len(ids))
	}
}
