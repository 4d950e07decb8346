"""Matrices and vectors."""


@tool
def compute_determinant(matrix):
    return ok(str(sp.Matrix(matrix).det()))


@tool
def compute_inverse(matrix):
    return ok(str(sp.Matrix(matrix).inv()))


@tool
def compute_eigenvalues(matrix):
    return ok({str(value): str(count) for value, count in sp.Matrix(matrix).eigenvals().items()})


@tool
def compute_eigenvectors(matrix):
    return ok([
        {"eigenvalue": str(value), "multiplicity": int(count), "eigenvectors": texts(vectors)}
        for value, count, vectors in sp.Matrix(matrix).eigenvects()
    ])


@tool
def compute_nullspace(matrix):
    return ok(texts(sp.Matrix(matrix).nullspace()))


@tool
def compute_rank(matrix):
    return ok(int(sp.Matrix(matrix).rank()))


@tool
def row_reduce(matrix):
    return ok(str(sp.Matrix(matrix).rref()[0]))


@tool
def characteristic_polynomial(matrix, variable):
    return ok(str(sp.Matrix(matrix).charpoly(variable).as_expr()))


@tool
def matrix_multiplication(matrix1, matrix2):
    return ok(str(sp.Matrix(matrix1) * sp.Matrix(matrix2)))


@tool
def matrix_power(matrix, exponent):
    return ok(str(sp.Matrix(matrix) ** exponent))


@tool
def compute_inner_product(vector1, vector2):
    if len(vector1) != len(vector2):
        raise ToolError(f"Vectors must have the same dimensions, found {len(vector1)} and {len(vector2)}")
    return ok(str(sp.simplify(sp.Matrix(vector1).dot(sp.Matrix(vector2)))))


@tool
def cross_product(vector1, vector2):
    if len(vector1) != 3 or len(vector2) != 3:
        raise ToolError("both vectors need three components")
    return ok(texts(sp.Matrix(vector1).cross(sp.Matrix(vector2))))
