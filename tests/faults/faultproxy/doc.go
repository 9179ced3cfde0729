// Package faultproxy stands between a gateway and a real Redis, and spoils
// what passes on command.
package faultproxy
