// Package top watches gateways under load, as a person at a terminal does.
package top
