// Package state owns the gateway's records: how each is named and written in
// the store, and the replica of the few that every gateway holds in memory.
package state
