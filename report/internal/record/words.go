package record

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/fsm"
	"tcptrace/internal/dimension"
)

// Field is a field by the type of its record and its name.
type Field struct {
	Record reflect.Type
	Name   string
}

// Words are all values of the fields that have fixed ones.
var Words = func() map[Field][]string {
	states, sides := wordsOf(fsm.State.String, fsm.NumStates), wordsOf(analyzer.Side.String, analyzer.Server+1)
	roles, outcomes := wordsOf(analyzer.Roles.String, analyzer.RolesHandshake+1), wordsOf(analyzer.Outcome.String, analyzer.NumOutcomes)
	causes, evidence := wordsOf(fsm.Event.String, fsm.NumEvents), wordsOf(analyzer.Evidence.String, analyzer.EvidenceKernel+1)
	severities, anomalies := wordsOf(analyzer.Severity.String, analyzer.SeverityError+1), anomalyIDs()
	record, step, anomaly := reflect.TypeFor[Record](), reflect.TypeFor[StepRecord](), reflect.TypeFor[AnomalyRecord]()
	end, limit, segment := reflect.TypeFor[CloseRecord](), reflect.TypeFor[LimitRecord](), reflect.TypeFor[SegmentRecord]()
	icmp, event, told := reflect.TypeFor[ICMPRecord](), reflect.TypeFor[EventRecord](), reflect.TypeFor[ToldRecord]()
	moment, endpoint, sum := reflect.TypeFor[StateRecord](), reflect.TypeFor[StateEndpoint](), reflect.TypeFor[SumRecord]()
	return map[Field][]string{
		{record, "roles"}:                        roles,
		{record, "failure"}:                      wordsOf(dimension.Failure.String, dimension.NumFailures)[1:],
		{record, "outcome"}:                      outcomes,
		{reflect.TypeFor[Endpoint](), "state"}:   states,
		{reflect.TypeFor[Host](), "name_source"}: {"dns", "http-host", "tls-sni", "hosts"},
		{step, "state"}:                          states,
		{step, "cause"}:                          causes,
		{step, "evidence"}:                       evidence,
		{anomaly, "id"}:                          anomalies,
		{anomaly, "severity"}:                    severities,
		{anomaly, "endpoint"}:                    sides,
		{anomaly, "evidence"}:                    {analyzer.EvidenceKernel.String()},
		{end, "kind"}:                            wordsOf(analyzer.CloseKind.String, analyzer.CloseReset+1),
		{end, "first"}:                           sides,
		{end, "cause"}:                           wordsOf(analyzer.ResetCause.String, analyzer.NumResetCauses)[1:],
		{end, "by"}:                              sides,
		{end, "by_state"}:                        states,
		{end, "other_state"}:                     states,
		{icmp, "kind"}:                           {"unreachable", "too-big", "time-exceeded"},
		{icmp, "endpoint"}:                       sides,
		{limit, "sender"}:                        sides,
		{limit, "factor"}:                        wordsOf(timing.Factor.String, timing.NumFactors)[1:],
		{segment, "from"}:                        sides,
		{segment, "kind"}:                        wordsOf(analyzer.Kind.String, analyzer.NumKinds),
		{segment, "cause"}:                       wordsOf(analyzer.Cause.String, analyzer.NumCauses),
		{segment, "client"}:                      states,
		{segment, "server"}:                      states,
		{event, "roles"}:                         roles,
		{event, "endpoint"}:                      sides,
		{event, "state"}:                         states,
		{event, "cause"}:                         causes,
		{event, "evidence"}:                      evidence,
		{event, "outcome"}:                       outcomes,
		{event, "of"}:                            wordsOf(analyzer.EventKind.String, analyzer.EventCorrection),
		{event, "reason"}:                        wordsOf(analyzer.Over.String, analyzer.OverEnded+1)[1:],
		{told, "endpoint"}:                       sides,
		{told, "state"}:                          states,
		{told, "id"}:                             anomalies,
		{told, "outcome"}:                        outcomes,
		{moment, "roles"}:                        roles,
		{endpoint, "state"}:                      states,
		{endpoint, "evidence"}:                   evidence,
		{reflect.TypeFor[TimerRecord](), "kind"}: wordsOf(analyzer.TimerKind.String, analyzer.TimerTimeWait+1)[1:],
		{sum, "worst_anomaly"}:                   anomalies,
		{sum, "worst_anomaly_severity"}:          severities,
	}
}()

// wordsOf are the names of the values below n.
func wordsOf[T ~uint8](name func(T) string, n T) []string {
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

// WordsByName are the words of the fields of a conversation's record by their names, where every text of that name is one of them.
func WordsByName() map[string][]string {
	closed, open := map[string][]string{}, map[string]bool{}
	seen := map[reflect.Type]bool{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Type.Kind() == reflect.String {
				words := Words[Field{t, name}]
				open[name] = open[name] || words == nil
				for _, word := range words {
					if !slices.Contains(closed[name], word) {
						closed[name] = append(closed[name], word)
					}
				}
			}
			add(f.Type)
		}
	}
	add(reflect.TypeFor[Record]())
	maps.DeleteFunc(closed, func(name string, _ []string) bool { return open[name] })
	return closed
}
