package changeset

import "github.com/caddy-dcr/caddy-dcr/internal/access"

// Undo is what takes an operation back.
type Undo struct {
	// Operation does it; empty is that nothing can.
	Operation access.Operation
	// Why says what stays nevertheless, or why nothing can.
	Why string
}

const (
	forGood    = "what was revoked stays so; make a new one"
	notRemoved = "an application is never deleted: it is revoked, for good"
)

// undoes has every operation that a change set can hold.
var undoes = map[access.Operation]Undo{
	access.CreateProgrammer: {access.DeleteProgrammer, ""},
	access.UpdateProgrammer: {access.UpdateProgrammer, ""},
	access.DeleteProgrammer: {access.CreateProgrammer, ""},
	access.CreateChannel:    {access.DeleteChannel, ""},
	access.UpdateChannel:    {access.UpdateChannel, ""},
	access.DeleteChannel:    {access.CreateChannel, ""},
	access.CreateProxyMVPD:  {access.DeleteProxyMVPD, ""},
	access.UpdateProxyMVPD:  {access.UpdateProxyMVPD, ""},
	access.DeleteProxyMVPD:  {access.CreateProxyMVPD, ""},
	access.ExtendCatalogue:  {access.ReduceCatalogue, ""},
	access.UpdateCatalogue:  {access.UpdateCatalogue, ""},
	access.ReduceCatalogue:  {access.ExtendCatalogue, ""},

	access.CreateApplication:  {access.RevokeApplication, notRemoved},
	access.AdoptApplication:   {access.ReleaseApplication, ""},
	access.ReleaseApplication: {access.AdoptApplication, "apply the manifest again, to manage it by that"},

	access.RevokeApplication: {"", forGood},
	access.RevokeStatement:   {"", forGood},
	access.RevokeClient:      {"", forGood},
	access.RevokeToken:       {"", forGood},
	access.RevokeIssuer:      {"", forGood},
	access.RevokeKey:         {"", forGood},
	access.RevokePlatform:    {access.LiftKill, "clients of the platform that registered before have to register again"},
	access.RevokeChannel:     {access.LiftKill, "tokens that were issued before stay dead for the channel"},
	access.LiftKill:          {"", "throw the kill switch again; everything that was issued meanwhile dies with it"},
}

// Undoes says what takes an operation back, and false of one that no change
// set can hold.
func Undoes(op access.Operation) (Undo, bool) {
	u, known := undoes[op]
	return u, known
}
