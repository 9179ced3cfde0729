// Package quotas holds the black-box tests of how many clients there may be:
// limits, the census, the reaper, and devices that register again.
package quotas
