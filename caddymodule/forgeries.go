package caddymodule

import (
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
)

// usualForgeries is what one address may make us find out at a time: about a
// thousandth of a core, with the dearest signatures.
var usualForgeries = LimitConfig{Count: 10, Per: caddy.Duration(time.Second), Burst: 1000}

// forgeryBudget makes the count of forged signatures, which outlives a reload.
func (a *App) forgeryBudget() (*forgery.Budget, error) {
	if err := a.Forgeries.or(usualForgeries); err != nil {
		return nil, fmt.Errorf("forgeries: %w", err)
	}
	table, err := a.table("forgeries", a.Forgeries)
	return &forgery.Budget{Table: table, Found: metricsOf.ForgeryFound, Refused: metricsOf.ForgeryWithheld}, err
}
