package expect

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/fsm"
	"tcptrace/internal/dimension"
	"tcptrace/internal/findings"
	"tcptrace/report"
)

// field is a field of a record.
type field struct {
	name     string
	index    int
	typ      reflect.Type
	required bool     // it is in every record, whatever its value
	words    []string // all values that there are; nil: any
}

// fieldsOf lists the fields of the records, by their types.
var fieldsOf = func() map[reflect.Type][]field {
	all := map[reflect.Type][]field{}
	for _, t := range []reflect.Type{
		reflect.TypeFor[report.Record](), reflect.TypeFor[report.SummaryRecord](), reflect.TypeFor[report.SegmentRecord](), eventType,
		reflect.TypeFor[report.StateRecord](), reflect.TypeFor[report.StateCountsRecord](), reflect.TypeFor[report.SumRecord](),
		reflect.TypeFor[report.StateRecord](), reflect.TypeFor[report.StateCountsRecord](),
		reflect.TypeFor[findings.Report](),
	} {
		addFields(all, t)
	}
	return all
}()

func addFields(all map[reflect.Type][]field, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		addFields(all, t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	if all[t] != nil {
		return
	}
	list := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		list = append(list, field{
			name: name, index: i, typ: f.Type, required: options == "",
			words: vocabularies[owned{t, name}],
		})
		addFields(all, f.Type)
	}
	all[t] = list
}

func findField(t reflect.Type, name string) (field, bool) {
	list := fieldsOf[t]
	i := slices.IndexFunc(list, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return list[i], true
}

// owned is a field by the type of its record and its name.
type owned struct {
	record reflect.Type
	name   string
}

// vocabularies are the values of the fields that have fixed ones.
var vocabularies = func() map[owned][]string {
	states := words(fsm.State.String, fsm.NumStates)
	sides := words(analyzer.Side.String, analyzer.Server+1)
	record, step, anomaly := reflect.TypeFor[report.Record](), reflect.TypeFor[report.StepRecord](), reflect.TypeFor[report.AnomalyRecord]()
	end, segment := reflect.TypeFor[report.CloseRecord](), reflect.TypeFor[report.SegmentRecord]()
	limit := reflect.TypeFor[report.LimitRecord]()
	told := reflect.TypeFor[report.ToldRecord]()
	moment, endpoint := reflect.TypeFor[report.StateRecord](), reflect.TypeFor[report.StateEndpoint]()
	sum := reflect.TypeFor[report.SumRecord]()
	return map[owned][]string{
		{record, "roles"}:                               words(analyzer.Roles.String, analyzer.RolesHandshake+1),
		{record, "failure"}:                             words(dimension.Failure.String, dimension.NumFailures)[1:],
		{record, "outcome"}:                             words(analyzer.Outcome.String, analyzer.NumOutcomes),
		{reflect.TypeFor[report.Endpoint](), "state"}:   states,
		{reflect.TypeFor[report.Host](), "name_source"}: {"dns", "http-host", "tls-sni", "hosts"},
		{step, "state"}:                                 states,
		{step, "cause"}:                                 words(fsm.Event.String, fsm.NumEvents),
		{step, "evidence"}:                              words(analyzer.Evidence.String, analyzer.EvidenceKernel+1),
		{anomaly, "id"}:                                 anomalyIDs(),
		{anomaly, "severity"}:                           words(analyzer.Severity.String, analyzer.SeverityError+1),
		{anomaly, "endpoint"}:                           sides,
		{end, "kind"}:                                   words(analyzer.CloseKind.String, analyzer.CloseReset+1),
		{end, "first"}:                                  sides,
		{end, "cause"}:                                  words(analyzer.ResetCause.String, analyzer.NumResetCauses)[1:],
		{end, "by"}:                                     sides,
		{end, "by_state"}:                               states,
		{end, "other_state"}:                            states,
		{segment, "from"}:                               sides,
		{segment, "kind"}:                               words(analyzer.Kind.String, analyzer.NumKinds),
		{segment, "cause"}:                              words(analyzer.Cause.String, analyzer.NumCauses),
		{segment, "client"}:                             states,
		{segment, "server"}:                             states,
		{eventType, "roles"}:                            words(analyzer.Roles.String, analyzer.RolesHandshake+1),
		{eventType, "endpoint"}:                         sides,
		{eventType, "state"}:                            states,
		{eventType, "cause"}:                            words(fsm.Event.String, fsm.NumEvents),
		{eventType, "evidence"}:                         words(analyzer.Evidence.String, analyzer.EvidenceKernel+1),
		{eventType, "outcome"}:                          words(analyzer.Outcome.String, analyzer.NumOutcomes),
		{eventType, "of"}:                               words(analyzer.EventKind.String, analyzer.EventCorrection),
		{eventType, "reason"}:                           words(analyzer.Over.String, analyzer.OverEnded+1)[1:],
		{moment, "roles"}:                               words(analyzer.Roles.String, analyzer.RolesHandshake+1),
		{endpoint, "state"}:                             states,
		{endpoint, "evidence"}:                          words(analyzer.Evidence.String, analyzer.EvidenceKernel+1),
		{limit, "sender"}:                               sides,
		{limit, "factor"}:                               words(timing.Factor.String, timing.NumFactors)[1:],
		{reflect.TypeFor[report.TimerRecord](), "kind"}: words(analyzer.TimerKind.String, analyzer.TimerTimeWait+1)[1:],
		{sum, "worst_anomaly"}:                          anomalyIDs(),
		{sum, "worst_anomaly_severity"}:                 words(analyzer.Severity.String, analyzer.SeverityError+1),
		{told, "endpoint"}:                              sides,
		{told, "state"}:                                 states,
		{told, "id"}:                                    anomalyIDs(),
		{told, "outcome"}:                               words(analyzer.Outcome.String, analyzer.NumOutcomes),
		{reflect.TypeFor[findings.Finding](), "id"}:     findings.IDs(),
		{reflect.TypeFor[findings.Finding](), "lies"}:   places(),
	}
}()

// places are where the reason of a finding may lie.
func places() (names []string) {
	for _, p := range findings.Places {
		names = append(names, string(p))
	}
	return names
}

// words are the names of the values below n.
func words[T ~uint8](name func(T) string, n T) []string {
	list := make([]string, n)
	for v := range n {
		list[v] = name(v)
	}
	return list
}

func anomalyIDs() (ids []string) {
	for _, section := range analyzer.Catalogue() {
		for _, kind := range section.Kinds {
			ids = append(ids, kind.ID)
		}
	}
	return ids
}

// unknownWord says that word is none of words, the values of the field called name.
func unknownWord(name, word string, words []string) string {
	hint := ""
	if slices.Contains(words, "TIME_WAIT") {
		name = "state"
		if s, err := fsm.ParseState(word); err == nil {
			hint = "did you mean " + s.String() + "?"
		}
	}
	if name == "id" {
		name = "anomaly"
	}
	if hint == "" {
		hint = report.Suggest(word, words)
	}
	return fmt.Sprintf("unknown %s %q: %s", name, word, hint)
}

// unknownField says that records of type t have no field called name. extra are names that may stand there, too.
func unknownField(t reflect.Type, name string, extra ...string) string {
	names := slices.Clone(extra)
	for _, f := range fieldsOf[t] {
		names = append(names, f.name)
	}
	hint := report.Suggest(name, names)
	if elsewhere := report.SuggestField(name); !strings.HasPrefix(hint, "did you mean") && elsewhere != "" {
		hint = elsewhere
	}
	return fmt.Sprintf("unknown field %q: %s", name, hint)
}
