package human

import (
	"testing"

	"tcptrace/analyzer"
)

func TestDetailOfLoss(t *testing.T) {
	says := func(a *analyzer.Anomaly, dropped uint64) string {
		return Detail(&analyzer.Conversation{Dropped: dropped}, a)
	}
	absent, present := &analyzer.Anomaly{Kind: analyzer.FindAnomalyKind("no-answer")}, &analyzer.Anomaly{Kind: analyzer.FindAnomalyKind("connection-refused")}
	const loss = "; the capture lost 1 packet meanwhile, which may be why"
	if got := says(absent, 1); got != absent.Detail()+loss {
		t.Error(got)
	}
	if says(absent, 0) != absent.Detail() || says(present, 1) != present.Detail() {
		t.Error("a loss that did not happen, or says nothing")
	}
}
