package anomaly

var _ = register(inOpen, "paws-rejected", &AnomalyKind{
	ID: "overlap-conflict", Severity: SeverityError,
	Summary: "the same bytes were sent twice with different content",
	RFC:     "RFC 9293 3.4",
	Meaning: "A retransmission carries other bytes than the first copy. The analysis reads headers only; following a stream compares the bytes. What the receiver has depends on which arrived first.",
	Causes:  "Injected data; an attempt to get past an intrusion detection system; a broken proxy or network card.",
	Next:    "Compare the two copies, and their TTLs and IP IDs.",
	Command: "follow",
})
