// Package anomaly says what went wrong in a connection, or is worth knowing: the catalogue of the kinds with their texts
// ([Catalogue]), their detectors, and a [Judgment], which is the course of a connection with its anomalies.
// Each kind has a file of its own, named for its id; the other files hold what several share. A detector runs only where a trigger shows that there may be something to find.
//
// Non-goals: finding out what happened. That is in the facts, the incidents and the trajectories already.
package anomaly
