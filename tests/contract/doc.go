// Package contract lets the gateway's own conformance check look at gateways
// that keep the contract and at what does not.
package contract
