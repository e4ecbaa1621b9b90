package expect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tcptrace/internal/console"
	"tcptrace/report"
)

const writtenBy = "# Written by 'tcptrace check --init'. What you remove is not checked.\n"

// Write is the full expectation of a capture. It depends on nothing but the records. old is the expectation that
// it replaces: its comment at the top and its rules stay. old may be empty.
func Write(c *Capture, old []byte) []byte {
	w := &writer{}
	top, rules := kept(old)
	if top == "" {
		top = writtenBy
	}
	w.b.WriteString(top)
	if !slices.ContainsFunc(rules, func(s string) bool { return strings.HasPrefix(s, "complete:") }) {
		rules = append([]string{completeTrue}, rules...)
	}
	for _, rule := range rules {
		w.b.WriteString(rule)
	}
	w.b.WriteString("conversations:")
	if len(c.Conversations) == 0 {
		w.b.WriteString(" []")
	}
	w.b.WriteByte('\n')
	for i := range c.Conversations {
		w.record(reflect.ValueOf(&c.Conversations[i]).Elem(), "    ", "  - ")
	}
	w.b.WriteString("summary:\n")
	w.record(reflect.ValueOf(&c.Summary).Elem(), "  ", "  ")
	return []byte(w.b.String())
}

// Unchanged reports whether text is what Write makes of c. Then it holds, and need not be read, unless there
// are rules in it. Most expectations are written and not changed, and reading YAML takes longer than
// the analysis of a small capture.
func Unchanged(c *Capture, text []byte) bool {
	_, rules := kept(text)
	for _, r := range rules {
		if r != completeTrue {
			return false
		}
	}
	return bytes.Equal(Write(c, text), text)
}

const completeTrue = "complete: true\n"

// kept is what survives when an expectation is written anew: the comment at its top, and the
// sections that no analysis can find, as they were written.
func kept(old []byte) (top string, rules []string) {
	text := string(old)
	begins, first := 0, true // of a section
	keep := func(ends int) {
		section := text[begins:ends]
		name, _, _ := strings.Cut(section, ":")
		switch {
		case first:
			top = section
		case name == "complete" || name == "assert" || name == "deny" || name == "budget":
			rules = append(rules, strings.TrimRight(section, "\n")+"\n")
		}
		begins, first = ends, false
	}
	at := 0
	for line := range strings.Lines(text) {
		switch {
		case first && (line[0] == '#' || strings.TrimSpace(line) == ""): // it belongs to the top
		case first, !strings.ContainsAny(line[:1], " \t\n\r#-]}"):
			keep(at)
		}
		at += len(line)
	}
	keep(at)
	return top, rules
}

// unwritten are the fields that Write leaves out: what is the same in all records, or in words that
// may become better.
var unwritten = map[owned]bool{
	{recordType, "schema"}:  true,
	{anomalyType, "detail"}: true, // stands beside it as a comment
}

// writer writes records as YAML, in the order of their fields. Which of the two styles a record gets
// depends on its type only, so that one more value changes one line.
type writer struct{ b strings.Builder }

// maxInline is how many fields a record may have, all of them single values, to be written on one line.
const maxInline = 11

func inline(t reflect.Type) bool {
	fields := fieldsOf[t]
	return len(fields) <= maxInline && !slices.ContainsFunc(fields, func(f field) bool { return !single(f.typ) })
}

func single(t reflect.Type) bool {
	return t.Kind() != reflect.Struct && t.Kind() != reflect.Slice && t.Kind() != reflect.Map
}

// written is f's value in r, and whether it is written.
func written(r reflect.Value, f field) (reflect.Value, bool) {
	v := r.Field(f.index)
	if unwritten[owned{r.Type(), f.name}] || !f.required && v.IsZero() {
		return v, false
	}
	if f.name == "time" && len(framesOf(r)) > 0 {
		return v, false // the frame's time is what the capture says
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v, true
}

// record writes a record as lines; the first one begins with first, not indent.
func (w *writer) record(r reflect.Value, indent, first string) {
	for _, f := range fieldsOf[r.Type()] {
		v, ok := written(r, f)
		if !ok {
			continue
		}
		w.b.WriteString(first + f.name + ":")
		first = indent
		switch {
		case v.Kind() == reflect.Struct && !inline(v.Type()):
			w.b.WriteByte('\n')
			w.record(v, indent+"  ", indent+"  ")
		case v.Kind() == reflect.Slice && v.Len() > 0:
			w.b.WriteByte('\n')
			for i := range v.Len() {
				w.b.WriteString(indent + "  - ")
				w.value(v.Index(i))
				w.remark(v.Index(i))
				w.b.WriteByte('\n')
			}
		default:
			w.b.WriteByte(' ')
			w.value(v)
			w.b.WriteByte('\n')
		}
	}
}

// remark tells what an anomaly means, as a comment.
func (w *writer) remark(v reflect.Value) {
	if a, ok := v.Interface().(report.AnomalyRecord); ok && a.Detail != "" {
		w.b.WriteString("  # " + console.Plain(strings.ReplaceAll(a.Detail, "\n", " ")))
	}
}

// value writes v on one line.
func (w *writer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		sep := "{"
		for _, f := range fieldsOf[v.Type()] {
			if fv, ok := written(v, f); ok {
				w.b.WriteString(sep + f.name + ": ")
				w.value(fv)
				sep = ", "
			}
		}
		w.b.WriteString("}")
	case reflect.Slice:
		w.b.WriteString("[]")
	case reflect.Map:
		w.counts(v)
	case reflect.String:
		if v.Type() == decimalType {
			w.b.WriteString(v.String())
			return
		}
		w.b.WriteString(quoted(v.String()))
	case reflect.Bool:
		if v.Bool() {
			w.b.WriteString("true")
		} else {
			w.b.WriteString("false")
		}
	default:
		if t, ok := v.Interface().(report.Time); ok {
			w.b.WriteString(`"` + timeText(t) + `"`)
			return
		}
		_, text := numberIn(v)
		w.b.WriteString(text)
	}
}

func (w *writer) counts(v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	sep := "{"
	for _, k := range keys {
		w.b.WriteString(sep + k.String() + ": ")
		w.value(v.MapIndex(k))
		sep = ", "
	}
	w.b.WriteString("}")
}

// plainWord is what YAML reads as a string, and nothing else, without quotes.
var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*([ ][A-Za-z0-9_-]+)*$|^\d+\.\d+\.\d+\.\d+$`)

var yamlWords = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// quoted is s as a YAML string.
func quoted(s string) string {
	if plainWord.MatchString(s) && !slices.Contains(yamlWords, strings.ToLower(s)) {
		return s
	}
	b, _ := json.Marshal(s) // a string always can be; JSON strings are YAML's
	var out strings.Builder
	for _, r := range string(b) {
		switch {
		case unicode.IsGraphic(r):
			out.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&out, `\U%08x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
