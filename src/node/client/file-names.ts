/** Files by which a node is found. */

/** The node file if none is named. */
export const NODE_FILE = 'node.yaml';
/** In the state folder: where the API listens. */
export const API_FILE = 'api.json';
/** In the state folder: the token of the person who has installed the node. */
export const ADMIN_TOKEN_FILE = 'admin.token';
