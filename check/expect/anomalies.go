package expect

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"tcptrace/report"
)

// anomalySet is what is wanted of the anomalies of a conversation, in any order.
type anomalySet struct {
	line    int
	include []wantedAnomaly
	exact   bool // there are no others
}

// wantedAnomaly is an anomaly by its id, mostly, or by any of its fields.
type wantedAnomaly struct {
	line   int
	text   string // for people
	fields *record
}

func (r *reader) anomalies(n ast.Node) want {
	return &anomalySet{line: lineOf(n), include: r.anomalyList(n), exact: true}
}

func (r *reader) anomalyList(n ast.Node) (out []wantedAnomaly) {
	id, _ := findField(anomalyType, "id")
	for _, item := range r.sequence(n, "anomalies") {
		w := wantedAnomaly{line: lineOf(item)}
		if isMapping(item) {
			w.fields = r.record(item, anomalyType, "an anomaly")
		} else {
			w.fields = &record{}
			w.fields.add(id, r.want(item, id))
		}
		if len(w.fields.fields) == 0 {
			continue // it names nothing that exists
		}
		var words []string
		for _, f := range w.fields.fields {
			words = append(words, phrase(f))
		}
		w.text = words[0]
		if len(words) > 1 {
			w.text += " (" + strings.Join(words[1:], ", ") + ")"
		}
		out = append(out, w)
	}
	return out
}

// phrase is what is wanted of a field of an anomaly in few words.
func phrase(f wantedField) string {
	switch v := f.want.(type) {
	case *word:
		if f.name == "detail" {
			return fmt.Sprintf("%q", v.text)
		}
		return v.text
	case *quantity:
		return f.name + " " + v.text
	case *moment:
		return f.name + " " + timeText(v.time)
	}
	return f.name
}

func (w *anomalySet) compare(c *comparison, p place, got reflect.Value) {
	of := match(w.include, got)
	used := make([]bool, got.Len())
	for _, g := range of {
		if g >= 0 {
			used[g] = true
			c.expect(got.Index(g))
		}
	}
	for i, g := range of {
		if g < 0 {
			w.missing(c, p, &w.include[i], got, used)
		}
	}
	if !w.exact {
		return
	}
	for g, u := range used {
		a := got.Index(g).Addr().Interface().(*report.AnomalyRecord)
		if u || c.suppressed != nil && c.suppressed(a) {
			continue
		}
		c.add(Failure{
			Path: p.path, Origin: Origin{c.file, w.line}, Found: a.ID, Frames: framesOf(got.Index(g)),
			Text: fmt.Sprintf("anomaly %s was found and is not expected: %s", anomalyText(a), a.Detail),
		})
	}
}

// missing says that w was not found. If there is one of the same id that nobody else wants, what
// differs is the news.
func (w *anomalySet) missing(c *comparison, p place, a *wantedAnomaly, got reflect.Value, used []bool) {
	for g := range used {
		if used[g] || !a.sameID(got.Index(g)) {
			continue
		}
		used[g] = true
		c.expect(got.Index(g))
		name := "anomaly " + got.Index(g).Addr().Interface().(*report.AnomalyRecord).ID
		a.fields.compare(c, p.item(g, name), got.Index(g))
		return
	}
	c.add(Failure{
		Path: p.path, Origin: Origin{c.file, a.line}, Expected: a.text,
		Text: fmt.Sprintf("anomaly %s is expected and was not found", a.text),
	})
}

func (a *wantedAnomaly) sameID(got reflect.Value) bool {
	for _, f := range a.fields.fields {
		if f.name == "id" {
			return holds(f.want, got.Field(f.index))
		}
	}
	return false
}

// anomalyText is an anomaly with what tells it from others of its kind.
func anomalyText(a *report.AnomalyRecord) string {
	words := []string{a.Severity}
	if a.Endpoint != "" {
		words = append(words, a.Endpoint)
	}
	if a.Frame != 0 {
		words = append(words, fmt.Sprintf("frame %d", a.Frame))
	}
	return fmt.Sprintf("%s (%s)", a.ID, strings.Join(words, ", "))
}

func (c *comparison) expect(got reflect.Value) {
	if c.expected != nil {
		c.expected[got.Addr().Interface().(*report.AnomalyRecord)] = true
	}
}

// match finds for each wanted anomaly one of got, or -1, no two the same, for as many as
// possible: augmenting paths.
func match(wanted []wantedAnomaly, got reflect.Value) []int {
	owner := make([]int, got.Len())
	for g := range owner {
		owner[g] = -1
	}
	var place func(w int, tried []bool) bool
	place = func(w int, tried []bool) bool {
		for g := range owner {
			if tried[g] || !holds(wanted[w].fields, got.Index(g)) {
				continue
			}
			tried[g] = true
			if owner[g] < 0 || place(owner[g], tried) {
				owner[g] = w
				return true
			}
		}
		return false
	}
	of := make([]int, len(wanted))
	for w := range wanted {
		of[w] = -1
		place(w, make([]bool, len(owner)))
	}
	for g, w := range owner {
		if w >= 0 {
			of[w] = g
		}
	}
	return of
}

// banned are anomalies that a conversation must not have.
type banned struct{ ids []bannedID }

type bannedID struct {
	line int
	id   string
}

func (r *reader) banned(n ast.Node) *banned {
	w := &banned{}
	for _, item := range r.sequence(n, "anomalies_exclude") {
		if id := r.anomaly(item); id != "" {
			w.ids = append(w.ids, bannedID{lineOf(item), id})
		}
	}
	return w
}

// anomaly is the id that n names.
func (r *reader) anomaly(n ast.Node) string {
	f, _ := findField(anomalyType, "id")
	if w, ok := r.want(n, f).(*word); ok {
		return w.text
	}
	return ""
}

func (w *banned) compare(c *comparison, p place, got reflect.Value) {
	for _, a := range got.Interface().([]report.AnomalyRecord) {
		i := slices.IndexFunc(w.ids, func(b bannedID) bool { return b.id == a.ID })
		if i < 0 || c.suppressed != nil && c.suppressed(&a) {
			continue
		}
		c.add(Failure{
			Path: p.path, Origin: Origin{c.file, w.ids[i].line}, Expected: "no " + a.ID, Found: a.ID,
			Frames: framesOf(reflect.ValueOf(a)), Text: fmt.Sprintf("anomaly %s was found and is excluded: %s", anomalyText(&a), a.Detail),
		})
	}
}
