package plugins

import (
	"context"
	"errors"
)

// Fault is the class of an error that wraps [ErrUnavailable]: what kind of help
// the store needs. The set is closed: it is a metric's label.
type Fault string

const (
	// FaultTimeout is an answer that did not come in time.
	FaultTimeout Fault = "timeout"
	// FaultUnreachable is a server to which there is no way: nobody listens, or
	// its name does not resolve.
	FaultUnreachable Fault = "unreachable"
	// FaultBroken is a connection that ended before the answer was there.
	FaultBroken Fault = "broken"
	// FaultTLS is a certificate that is not trusted, or no TLS at all.
	FaultTLS Fault = "tls"
	// FaultDenied is a wrong password, or a right that the user lacks.
	FaultDenied Fault = "denied"
	// FaultLoading is a server that reads its data after a start.
	FaultLoading Fault = "loading"
	// FaultReadOnly is a server that takes no writes, such as a replica.
	FaultReadOnly Fault = "read_only"
	// FaultOutOfMemory is a server that is full.
	FaultOutOfMemory Fault = "out_of_memory"
	// FaultDisk is a disk that cannot be written or read.
	FaultDisk Fault = "disk"
	// FaultReplication is a server that lacks replicas, or has lost its primary.
	FaultReplication Fault = "replication"
	// FaultCluster is a cluster that is down, moves slots, or is not set up as
	// the gateway was told.
	FaultCluster Fault = "cluster"
	// FaultBusy is a server, or a pool of connections, that has no room for one
	// more.
	FaultBusy Fault = "busy"
	// FaultProtocol is an answer that cannot be what was asked for.
	FaultProtocol Fault = "protocol"
	// FaultClosed is a store that the gateway has closed, or not yet opened.
	FaultClosed Fault = "closed"
	// FaultNotAsked is a call that was not made, because those before it failed.
	FaultNotAsked Fault = "not_asked"
	// FaultOther is none of these.
	FaultOther Fault = "other"
)

// Faults lists the closed set.
var Faults = []Fault{
	FaultTimeout, FaultUnreachable, FaultBroken, FaultTLS, FaultDenied, FaultLoading, FaultReadOnly, FaultOutOfMemory,
	FaultDisk, FaultReplication, FaultCluster, FaultBusy, FaultProtocol, FaultClosed, FaultNotAsked, FaultOther,
}

// faulty is an error with its class.
type faulty struct {
	error
	fault Fault
}

func (f *faulty) Unwrap() error { return f.error }

// Because gives an error its class. The text stays as it is.
func Because(fault Fault, err error) error { return &faulty{err, fault} }

// FaultOf tells the class of an error of a store. One that the store did not
// class is that of its sentinel, or of the deadline that the caller had set, or
// [FaultOther].
func FaultOf(err error) Fault {
	var known *faulty
	switch {
	case errors.As(err, &known):
		return known.fault
	case errors.Is(err, ErrClosed):
		return FaultClosed
	case errors.Is(err, context.DeadlineExceeded):
		return FaultTimeout
	default:
		return FaultOther
	}
}
