// Package doctor shows the gateway's doctor to set-ups that are well and to
// each that is not.
package doctor
