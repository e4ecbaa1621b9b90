package expect

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"

	"tcptrace/report"
)

// Expectation is what a capture must look like.
type Expectation struct {
	File          string
	Rules         *RuleSet
	conversations []conversation
	summary       *record // nil: it is free
}

// conversation is what is wanted of one.
type conversation struct {
	line           int
	stream         uint64
	byStream       bool
	client, server *record // nil: any; they choose the conversation if byStream is false
	record         *record
}

var recordType = reflect.TypeFor[report.Record]()

// Parse reads an expectation. file is what problems call it. With problems there is no expectation.
func Parse(file string, text []byte) (*Expectation, []Problem) {
	r := &reader{file: file}
	e := &Expectation{File: file, Rules: &RuleSet{}}
	if body := r.document(text); body != nil {
		r.top(body, e.Rules, map[string]func(ast.Node){
			"conversations": func(n ast.Node) { e.conversations = r.conversations(n) },
			"summary":       func(n ast.Node) { e.summary = r.record(n, reflect.TypeFor[report.SummaryRecord](), "summary") },
		})
	}
	if len(r.problems) == 0 && e.empty() {
		r.problems = append(r.problems, Problem{File: file, Text: "it expects nothing: 'tcptrace check --init' writes a first one once it is removed"})
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return e, nil
}

func (e *Expectation) empty() bool {
	return len(e.conversations) == 0 && e.summary == nil && e.Rules.empty() && !e.Rules.complete()
}

func (r *reader) conversations(n ast.Node) (out []conversation) {
	lines := map[uint64]int{}
	for _, item := range r.sequence(n, "conversations") {
		w := r.conversation(item)
		if first, ok := lines[w.stream]; ok && w.byStream {
			r.complain(item, "stream %d was listed on line %d", w.stream, first)
		}
		if w.byStream {
			lines[w.stream] = w.line
		}
		out = append(out, w)
	}
	return out
}

// Fields of a conversation in an expectation that a record does not have.
const (
	fieldInclude = "anomalies_include"
	fieldExclude = "anomalies_exclude"
)

func (r *reader) conversation(n ast.Node) conversation {
	w := conversation{line: lineOf(n), record: &record{line: lineOf(n)}}
	anomalies, _ := findField(recordType, "anomalies")
	for _, v := range r.mapping(n, "a conversation") {
		name := scalarText(v.Key)
		f, known := findField(recordType, name)
		_, isList := v.Value.(*ast.SequenceNode)
		switch {
		case name == fieldInclude:
			w.record.add(anomalies, &anomalySet{line: lineOf(v.Value), include: r.anomalyList(v.Value)})
		case name == fieldExclude:
			w.record.add(anomalies, r.banned(v.Value))
		case !known:
			r.complain(v.Key, "%s", unknownField(recordType, name, fieldInclude, fieldExclude))
		case (name == "client" || name == "server") && isList:
			w.trajectory(name, r.trajectory(v.Value))
		default:
			w.field(f, r.want(v.Value, f), v.Value, r)
		}
	}
	if !w.byStream && w.client == nil && w.server == nil {
		r.complain(n, "which conversation is it? Name its stream, or client and server: {ip: ..., port: ...}")
	}
	return w
}

// field adds what is wanted of a field, and notes what chooses the conversation.
func (w *conversation) field(f field, want want, at ast.Node, r *reader) {
	switch f.name {
	case "stream":
		q, ok := want.(*quantity)
		if !ok {
			return
		}
		if w.stream, w.byStream = q.whole(); !w.byStream {
			r.complain(at, "stream is a number, not %s", q.text)
		}
		return
	case "client":
		w.client, _ = want.(*record)
	case "server":
		w.server, _ = want.(*record)
	}
	w.record.add(f, want)
}

// trajectory adds what is wanted of a side's, written in short.
func (w *conversation) trajectory(side string, states want) {
	endpoints, _ := findField(recordType, "endpoints")
	endpoint, _ := findField(endpoints.typ, side)
	steps, _ := findField(endpoint.typ, "trajectory")
	below := func(f field, want want) *record {
		r := &record{line: w.line}
		r.add(f, want)
		return r
	}
	w.record.add(endpoints, below(endpoint, below(steps, states)))
}
