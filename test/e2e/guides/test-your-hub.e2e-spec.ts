// The tests that the guide shows.
import '../../guides/test-your-hub/order.hub.spec.js';
import '../../guides/test-your-hub/order.events.spec.js';
import '../../guides/test-your-hub/order.clients.spec.js';
