package record

import "tcptrace/analyzer"

// OutcomeSubject and OutcomeTexts explain the outcomes.
const OutcomeSubject = "How a connection went, as far as the capture shows, as in --where 'outcome == \"reset\"'; --by outcome adds up by it"

// OutcomeTexts are by outcome.
var OutcomeTexts = [analyzer.NumOutcomes]string{
	analyzer.Open:       "it was open when the capture ended, or was silent for too long",
	analyzer.Closed:     "both sides sent a FIN, and both FINs were acknowledged",
	analyzer.Closing:    "a FIN was sent; the close is not complete",
	analyzer.Reset:      "an RST ended it after a SYN-ACK, or in the middle of the connection",
	analyzer.Refused:    "an RST answered the SYN",
	analyzer.Unanswered: "nothing answered the SYN",
	analyzer.HalfOpen:   "the SYN-ACK was never acknowledged",
}
