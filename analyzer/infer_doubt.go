package analyzer

// waitsUnseen reports whether the endpoint, of which no FIN was captured, may have had one to send when it sent proof. The peer's FIN tells it
// of all that landed before.
func (s *story) waitsUnseen(fin, proof *fact) bool {
	return s.waits(proof) && (s.self.landed == 0 || s.self.landed > fin.time)
}

// waits reports whether the endpoint may have had a FIN to send, behind data, when it sent proof.
func (s *story) waits(proof *fact) bool {
	return s.self.busySince != 0 && s.self.busySince < proof.time
}

// maybeCopy reports whether the peer's FIN that was captured first may not be the first that it sent: what answers it may have been
// sent for one before.
func (s *story) maybeCopy() bool { return s.lacks || s.other.finFirst }

// insists reports whether the endpoint sent its FIN, again, with proof or behind it: the ACK of that had not come.
func (s *story) insists(proof *fact) bool {
	return s.first(s.me, 0, func(f *fact) bool { return isFIN(f) && f.ahead >= proof.ahead && !s.late(f) }) >= 0
}

// acksFIN reports whether f, of the endpoint, acknowledges the peer's FIN.
func (s *story) acksFIN(f *fact) bool { return f.covers(s.other.fin) && !s.disowned(f) }
