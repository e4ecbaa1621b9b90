package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "nagle-delay", &AnomalyKind{
	ID: "tls-alert", Severity: SeverityWarning,
	Summary: "a fatal TLS alert ended the handshake",
	RFC:     "RFC 8446 6, RFC 5246 7.2",
	Meaning: "One side sent a fatal alert of TLS in clear, as it does before anything is encrypted: it does not go on with the handshake, and closes. Alerts behind that are encrypted, and not seen: with TLS 1.3 most of those that the client sends.",
	Causes:  "No version or cipher suite in common (protocol_version, handshake_failure); a name that the server does not have (unrecognized_name); a certificate that the client does not trust (unknown_ca, certificate_expired, bad_certificate).",
	Next:    "The alert says which. Ask as the client did, with 'openssl s_client', and compare.",
	needs:   trigger(conn.IncidentAlert), detect: detectAlert, detail: detailAlert,
})

func detectAlert(s *pass) {
	s.eachIncident(conn.IncidentAlert, func(m *conn.Incident, side conn.Side) {
		s.raiseIncident(m, args{m.Amount}).onSide(side)
	})
}

func detailAlert(a *Anomaly) string {
	text := "the " + a.Side.String() + " ended the handshake of TLS by the fatal alert " + number(a.args[0])
	if name := alerts[uint8(a.args[0])]; name != "" {
		text += ", " + name
	}
	return text
}

// alerts are the names of alerts of TLS (IANA, TLS Alerts).
var alerts = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow", 30: "decompression_failure",
	40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
	46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction",
	70: "protocol_version", 71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
	109: "missing_extension", 110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
	114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol", 121: "ech_required",
}
